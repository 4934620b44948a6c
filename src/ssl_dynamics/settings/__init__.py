"""The base of every settings type."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Base of every settings type: unknown keys are refused, values cannot be changed.

    A type is built when it is first used: a job uses few of them, and starts the sooner.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

    def cell_labels(self) -> dict[str, str | int]:
        """The columns that name the cell in tables, for a stage that writes some."""
        return {}
