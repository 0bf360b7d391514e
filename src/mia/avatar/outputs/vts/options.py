"""What can be chosen about VTube Studio."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mia.backends import Options

ParameterName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,64}$")]


class VtsOptions(Options):
    """VTube Studio, through its plugin API."""

    enabled: bool | Literal["auto"] = Field(
        "auto",
        description="Whether MIA moves the model in VTube Studio; auto: whenever it runs, "
        "without a word where it does not.",
    )
    host: str = Field("127.0.0.1", min_length=1, description="Machine VTube Studio runs on.")
    port: int = Field(
        8001, ge=1, le=65_535, description="Port of its plugin API, as its settings show it."
    )
    discover: bool = Field(
        True,
        description="Listen to its announcements (UDP 47779): finds another port, and knows when "
        "the API is switched off.",
    )
    mouth: list[ParameterName] = Field(
        default=["MouthOpen", "VoiceVolumePlusMouthOpen"],
        max_length=8,
        description="Parameters that open the mouth.",
    )
    smile: list[ParameterName] = Field(
        default=["MouthSmile", "VoiceFrequencyPlusMouthSmile"],
        max_length=8,
        description="Parameters of the mouth's form.",
    )
    eyes: list[ParameterName] = Field(
        default=["EyeOpenLeft", "EyeOpenRight"],
        max_length=8,
        description="Parameters of the eyelids, left and right in turn; empty: VTube Studio's "
        "own blinking stays.",
    )
    vowels: bool = Field(True, description="Send VoiceA … VoiceO as well.")
    head: bool = Field(True, description="Turn the head; false leaves it to your camera.")
    gaze: bool = Field(True, description="Move the eyes; false leaves them to your camera.")
    brows: bool = Field(True, description="Move the brows.")
    mirror: bool = Field(False, description="Exchange left and right.")
    custom_parameters: bool = Field(
        True, description="Add MiaSpeaking, MiaBreath and MiaMouthForm, for your own mappings."
    )
    expressions: dict[str, str] = Field(
        default_factory=dict,
        description="Hotkey (name or id) or file (*.exp3.json) for an expression of hers, such as "
        "joy: Smile; those with the same name are found by themselves.",
    )
    mode: Literal["set", "add"] = Field(
        "set",
        description="set: MIA alone moves these parameters; add: on top of what others send.",
    )
    rate_hz: int = Field(60, ge=10, le=120, description="Frames a second while she moves.")
    lead_ms: int = Field(
        40, ge=0, le=500, description="How far ahead of the sound, for the way to the screen."
    )
