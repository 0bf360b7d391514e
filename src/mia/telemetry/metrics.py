"""Counters and histograms in Prometheus' text form, fed by the bus and by nothing else."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from mia.telemetry import events as bus

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

#: Seconds. Finer where people notice: a gap of 200 ms is usual between speakers, one of more
#: than a second is felt as a pause (Stivers et al. 2009, doi:10.1073/pnas.0903616106).
_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 15.0)
_HOW = ("completed", "interrupted", "failed", "cancelled")


class Metrics:
    """All metrics of the process, in a registry of their own."""

    def __init__(self, events: bus.EventBus) -> None:
        self.registry = CollectorRegistry()
        self._turns = self._counter("mia_turns", "Turns the user finished.", "input")
        self._dropped = self._counter("mia_turns_dropped", "Utterances that came to nothing.")
        self._replies = self._counter("mia_replies", "Replies by how they ended.", "status")
        self._interruptions = self._counter(
            "mia_interruptions", "Replies the user stopped by speaking."
        )
        self._ducks = self._counter("mia_ducks", "Times MIA lowered her voice for another.")
        self._speculations = self._counter(
            "mia_speculations", "Replies begun before the endpoint was sure.", "outcome"
        )
        self._worked = self._counter(
            "mia_model_seconds", "Seconds models worked, by whether it was used.", "part", "outcome"
        )
        self._underruns = self._counter("mia_underruns", "Times a reply's sound stuttered.")
        self._notices = self._counter("mia_notices", "Notices to the user.", "level", "code")
        self._stages = Histogram(
            "mia_stage_seconds",
            "How long each stage of a turn took.",
            ["stage"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._v2v = Histogram(
            "mia_voice_to_voice_seconds",
            "From the user's last voiced sample to MIA's first audible one.",
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._heard = self._counter("mia_speech_seconds", "Seconds of MIA's speech heard.")
        self._sessions = Gauge(
            "mia_sessions", "Sessions attached now.", ["kind"], registry=self.registry
        )
        self._active: set[str] = set()
        replying = Gauge("mia_replies_active", "Replies being spoken now.", registry=self.registry)
        replying.set_function(lambda: len(self._active))
        for input_ in ("spoken", "typed"):
            self._turns.labels(input_)
        for status in _HOW:
            self._replies.labels(status)
        for outcome in ("committed", "dropped"):
            self._speculations.labels(outcome)
        self.close = events.listen(self._tell)

    def sessions(self, kind: str, count: Callable[[], float]) -> None:
        """Show how many sessions of a kind (`page`, `guest`, …) there are; asked when scraped."""
        self._sessions.labels(kind).set_function(count)

    def text(self) -> bytes:
        """Everything in Prometheus' text format, `CONTENT_TYPE`."""
        return generate_latest(self.registry)

    def _counter(self, name: str, help_: str, *labels: str) -> Counter:
        return Counter(name, help_, labels, registry=self.registry)

    def _tell(self, event: bus.Event) -> None:
        match event:
            case bus.Heard(final=True):
                self._turns.labels("typed" if event.typed else "spoken").inc()
            case bus.TurnDropped():
                self._dropped.inc()
            case bus.ReplyStarted():
                self._active.add(event.reply)
            case bus.ReplyEnded():
                self._active.discard(event.reply)
                self._replies.labels(event.status).inc()
                self._heard.inc(max(0, event.heard_ms) / 1000)
                self._underruns.inc(event.underruns)
            case bus.Interrupted():
                self._interruptions.inc()
            case bus.Ducked():
                self._ducks.inc()
            case bus.SpeculationEnded():
                self._speculations.labels("committed" if event.committed else "dropped").inc()
            case bus.Worked():
                outcome = "used" if event.used else "wasted"
                self._worked.labels(event.part, outcome).inc(event.seconds)
            case bus.TurnTimed():
                for stage, ms in event.stages.items():
                    if stage == "v2v":
                        self._v2v.observe(ms / 1000)
                    else:
                        self._stages.labels(stage).observe(ms / 1000)
            case bus.Notice():
                self._notices.labels(event.level, event.code).inc()
            case _:
                pass
