"""What the settings' routes take and give."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class FieldRow(BaseModel):
    """One setting. Limits that are not there do not hold; texts are by language."""

    model_config = ConfigDict(extra="allow")

    key: str
    group: str
    section: str
    backend: str = Field(description="The backend whose own option it is, else empty.")
    label: dict[str, str]
    description: dict[str, str]
    kind: str = Field(
        description="boolean, integer, number, string, text, choice, list, map or secret."
    )
    nullable: bool
    unit: str
    default: Any
    env: str = Field(description="The environment variable of a secret.")
    live: bool = Field(description="Counts at once, without a restart.")
    waiting: bool = Field(description="Kept, but nothing reads it yet.")


class ConfigAnswer(BaseModel):
    version: int
    file: str
    groups: list[str]
    fields: list[FieldRow]
    values: dict[str, Any]
    written: list[str] = Field(description="Keys that stand in the file.")
    secrets: dict[str, str] = Field(
        description="Where each secret comes from: environment, dotenv, file; empty: not set."
    )
    pending: list[str] = Field(description="Keys that count only after a restart.")


class ConfigRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    set: dict[str, Any] = Field(default_factory=dict, max_length=500, description="By dotted key.")
    reset: list[str] = Field(
        default_factory=list, max_length=500, description="Keys that get their defaults back."
    )
    how: Literal["check", "try", "save"] = "save"


class ChangeAnswer(BaseModel):
    saved: bool
    applied: list[str] = Field(description="Keys that count from now on.")
    pending: list[str]


class SecretRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    value: SecretStr = Field(max_length=500)
