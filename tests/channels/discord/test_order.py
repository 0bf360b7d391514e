"""The order of one speaker's packets: nothing waits without a reason, and silence is heard."""

from __future__ import annotations

from collections.abc import Iterable

from mia.channels.discord.jitter import PATIENCE, Order, Step

FRAME = 0.02


def kinds(steps: Iterable[Step]) -> list[str]:
    return [step.packet.decode() if step.kind == "voice" else step.kind for step in steps]


def put(order: Order, number: int, at: float, *, ticks: int | None = None) -> list[str]:
    timestamp = (number if ticks is None else ticks) * 960
    return kinds(order.put(number & 0xFFFF, timestamp, str(number).encode(), at))


def test_what_comes_in_order_goes_through_at_once() -> None:
    order = Order()
    assert [put(order, n, n * FRAME) for n in range(1, 4)] == [["1"], ["2"], ["3"]]


def test_two_that_overtook_each_other_come_out_as_they_were_sent() -> None:
    order = Order()
    put(order, 1, 0.0)
    assert put(order, 3, 0.02) == []
    assert put(order, 2, 0.03) == ["2", "3"]
    assert order.lost == 0


def test_a_lost_one_is_made_up_from_the_one_after_it() -> None:
    order = Order()
    put(order, 1, 0.0)
    put(order, 3, 0.04)
    assert kinds(order.tick(0.04 + PATIENCE - 0.01)) == []
    assert kinds(order.tick(0.04 + PATIENCE)) == ["recover", "3"]
    assert order.lost == 1


def test_three_lost_are_made_up_in_their_places() -> None:
    order = Order()
    put(order, 1, 0.0)
    put(order, 5, 0.08)
    assert kinds(order.tick(0.08 + PATIENCE)) == ["conceal", "conceal", "recover", "5"]


def test_a_long_hole_is_made_up_only_at_its_edge() -> None:
    order = Order()
    put(order, 1, 0.0)
    put(order, 12, 0.22)
    steps = list(order.tick(0.22 + PATIENCE))
    assert [step.kind for step in steps] == [*["conceal"] * 4, "recover", "silence", "voice"]
    assert steps[-2].frames == 5


def test_many_packets_behind_a_gap_do_not_wait_for_the_clock() -> None:
    order = Order()
    put(order, 1, 0.0)
    out = [put(order, n, 0.02) for n in range(3, 9)]
    assert out[-1] == ["recover", "3", "4", "5", "6", "7", "8"]


def test_what_comes_after_its_place_was_given_away_is_late() -> None:
    order = Order()
    put(order, 1, 0.0)
    put(order, 3, 0.04)
    list(order.tick(0.2))
    assert put(order, 2, 0.2) == []
    assert order.late == 1


def test_a_packet_that_comes_twice_is_heard_once() -> None:
    order = Order()
    put(order, 1, 0.0)
    assert put(order, 1, 0.01) == []


def test_silence_is_put_in_by_the_clock_until_the_speaker_is_at_rest() -> None:
    order = Order()
    put(order, 1, 0.0)
    frames = 0
    now = 0.0
    while not order.resting(now):
        now += FRAME
        frames += sum(step.frames for step in order.tick(now))
    assert frames == 60


def test_a_little_jitter_is_no_silence() -> None:
    order = Order()
    put(order, 1, 0.0)
    assert kinds(order.tick(0.05)) == []


def test_a_pause_in_the_timestamps_that_the_clock_did_not_see_is_silence() -> None:
    order = Order()
    put(order, 1, 0.0)
    steps = list(order.put(2, 12 * 960, b"2", 0.02))
    assert [(step.kind, step.frames) for step in steps] == [("silence", 10), ("voice", 1)]


def test_a_pause_that_the_clock_did_see_is_not_put_in_again() -> None:
    order = Order()
    put(order, 1, 0.0)
    for tick in range(1, 13):
        list(order.tick(tick * FRAME))
    assert put(order, 2, 12.5 * FRAME, ticks=13) == ["2"]


def test_sequence_numbers_wrap() -> None:
    order = Order()
    assert [put(order, n, 0.0) for n in (65534, 65535, 65536)] == [["65534"], ["65535"], ["65536"]]


def test_a_far_jump_begins_a_new_stream() -> None:
    order = Order()
    put(order, 1, 0.0)
    assert put(order, 30_000, 0.02) == ["30000"]
    assert order.lost == 0
