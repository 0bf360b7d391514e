"""The page's two audio worklets, sample by sample, in the browser's own audio engine."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.browser.conftest import Visitor

#: Renders `seconds` with the playback worklet; `orders` are its messages by the time (s) they come.
PLAY = """async ({seconds, orders}) => {
    const context = new OfflineAudioContext(1, seconds * 24000, 24000);
    await context.audioWorklet.addModule("/ui/js/playback-worklet.js");
    const shape = {numberOfInputs: 0, outputChannelCount: [1]};
    const node = new AudioWorkletNode(context, "mia-playback", shape);
    node.connect(context.destination);
    const told = [];
    node.port.onmessage = ({data}) => told.push(data);
    const ramp = (offset, length) =>
        Float32Array.from({length}, (_, n) => (offset + n + 1) / 65536);
    for (const [at, list] of [...orders, [seconds - 0.01, []]])
        context.suspend(at).then(async () => {
            for (const {length, ...order} of list)
                node.port.postMessage(
                    length ? {...order, samples: ramp(order.offset, length)} : order);
            // Answered in order: then all that was asked before has arrived.
            await new Promise((done) => {
                node.port.addEventListener("message", ({data}) => data.asked && done());
                node.port.postMessage({type: "report"});
            });
            context.resume();
        });
    const sound = (await context.startRendering()).getChannelData(0);
    return {sound: [...sound], told};
}"""

#: The capture worklet hears a tone at the rate of some microphone.
HEAR = """async ({rate, frequency, seconds}) => {
    const context = new OfflineAudioContext(1, rate * seconds, rate);
    await context.audioWorklet.addModule("/ui/js/capture-worklet.js");
    const node = new AudioWorkletNode(context, "mia-capture",
        {numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit"});
    const samples = [];
    const whole = new Promise((done) => {
        node.port.onmessage = ({data}) => {
            samples.push(...data.frame);
            if (samples.length > 24000 * seconds - 480 - 64) done();
        };
    });
    const tone = new OscillatorNode(context, {frequency});
    tone.connect(node);
    tone.start();
    await context.startRendering();
    await whole;
    return samples;
}"""


def _push(offset: int, length: int, item: str = "reply") -> dict[str, object]:
    return {"type": "push", "item": item, "offset": offset, "length": length}


def test_blocks_are_heard_one_after_the_other_without_a_gap(visit: Visitor) -> None:
    orders = [[0, [_push(0, 1000), _push(1000, 777), _push(1777, 2000)]]]
    heard = visit().page.evaluate(PLAY, {"seconds": 0.5, "orders": orders})
    values = [round(sample * 65536) for sample in heard["sound"]]
    start = values.index(1)
    assert values[start : start + 3777] == list(range(1, 3778))
    assert not any(values[:start])
    assert not any(values[start + 3777 :])
    last = heard["told"][-1]
    assert (last["item"], last["sample"], last["played"]) == ("reply", 3777, 3777)
    assert last["dry"]
    assert last["underruns"] == 0


def test_running_dry_in_the_middle_of_a_reply_is_counted(visit: Visitor) -> None:
    orders = [[0, [_push(0, 1000)]], [0.2, [_push(1000, 1000)]]]
    heard = visit().page.evaluate(PLAY, {"seconds": 0.5, "orders": orders})
    assert heard["told"][-1]["underruns"] == 1
    assert heard["told"][-1]["played"] == 2000


def test_silence_that_was_asked_for_is_no_gap(visit: Visitor) -> None:
    hush = {"type": "hush"}
    orders = [[0, [_push(0, 1000)]], [0.2, [hush]], [0.3, [_push(1000, 1000)]]]
    heard = visit().page.evaluate(PLAY, {"seconds": 0.5, "orders": orders})
    assert heard["told"][-1]["underruns"] == 0
    assert not [told for told in heard["told"] if told["type"] == "gap"]


def test_a_hush_fades_within_ten_milliseconds_and_tells_the_last_sample(visit: Visitor) -> None:
    orders = [[0, [_push(0, 12_000)]], [0.1, [{"type": "hush"}]]]
    heard = visit().page.evaluate(PLAY, {"seconds": 0.6, "orders": orders})
    sound = heard["sound"]
    [hushed] = [told for told in heard["told"] if told["type"] == "hushed"]
    last = max(n for n, sample in enumerate(sound) if sample)
    start = next(n for n, sample in enumerate(sound) if sample)
    assert abs(hushed["sample"] - (last - start + 1)) <= 1
    # The context suspends at a quantum of 128 samples; the fade itself is 240 long.
    assert last < 0.1 * 24_000 + 128 + 240
    fade = [abs(sample) for sample in sound[last - 200 : last + 1]]
    assert fade == sorted(fade, reverse=True)


def test_a_duck_ramps_to_its_gain(visit: Visitor) -> None:
    orders = [[0, [_push(0, 9000)]], [0.1, [{"type": "duck", "gain": 0.25, "samples": 480}]]]
    heard = visit().page.evaluate(PLAY, {"seconds": 0.4, "orders": orders})
    sound = heard["sound"]
    start = next(n for n, sample in enumerate(sound) if sample)
    gains = [sample * 65536 / (n + 1) for n, sample in enumerate(sound[start : start + 9000])]
    assert gains[1000] == pytest.approx(1, abs=1e-3)
    assert gains[5000] == pytest.approx(0.25, abs=1e-3)
    steps = [before - after for before, after in pairwise(gains[2000:4000])]
    assert max(steps) < 0.75 / 480 + 1e-3


@pytest.mark.parametrize("rate", [16_000, 24_000, 44_100, 48_000])
def test_the_microphone_arrives_at_24_khz_whatever_its_own_rate(visit: Visitor, rate: int) -> None:
    seconds = 1
    tone = visit().page.evaluate(HEAR, {"rate": rate, "frequency": 1000, "seconds": seconds})
    assert len(tone) % 480 == 0
    assert 24_000 * seconds - len(tone) < 480 + 64
    middle = tone[4800:19_200]
    crossings = sum(a < 0 <= b for a, b in pairwise(middle))
    assert crossings == pytest.approx(600, abs=1)
    assert max(middle) == pytest.approx(32_767, rel=0.02)


def test_what_24_khz_cannot_carry_does_not_come_back_as_another_tone(visit: Visitor) -> None:
    tone = visit().page.evaluate(HEAR, {"rate": 48_000, "frequency": 15_000, "seconds": 1})
    assert max(abs(sample) for sample in tone[4800:19_200]) < 33  # -60 dB
