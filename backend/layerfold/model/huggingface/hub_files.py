"""Files of a model on the hub and in its local cache, and why one cannot be had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from layerfold.errors import LayerfoldError, MissingExtra, ModelNotFound, Unreachable
from layerfold.model.huggingface.place import CONFIG, Where


def hub_file(where: Where, name: str) -> Path | None:
    """What the cache has is not asked for again, so that a model that was opened once opens without
    a network, and the same.
    """
    hub, errors = _hub()
    revision = where.revision or None
    try:
        kept = hub.try_to_load_from_cache(where.repo, name, revision=revision)
        if kept is not None:
            # else it is known that there is none
            return Path(kept) if isinstance(kept, str) else None
        if name == CONFIG:  # one short look, where a download would try for half a minute
            hub.get_hf_file_metadata(hub.hf_hub_url(where.repo, name, revision=revision))
        return Path(hub.hf_hub_download(where.repo, name, revision=revision))
    except Exception as error:
        # the hub could not be asked
        unasked = isinstance(error, errors.LocalEntryNotFoundError | errors.OfflineModeIsEnabled)
        if isinstance(error, errors.EntryNotFoundError) and not unasked:
            return None
        if unasked and name != CONFIG and not _gone(where):
            return None  # the model is here, and has just this file not
        raise _why(where, error, errors) from error


def is_on_hub(where: Where, name: str) -> bool:
    """Whether the model has a file, which is not fetched for it."""
    if hub_file_here(where, name) is not None:
        return True
    hub, _ = _hub()
    try:
        hub.get_hf_file_metadata(hub.hf_hub_url(where.repo, name, revision=where.revision or None))
    except Exception:  # absent, or out of reach, which was said before
        return False
    return True


def hub_file_here(where: Where, name: str) -> Path | None:
    """A file of the model in the cache on this machine; None where it is not there."""
    hub, _ = _hub()
    found = hub.try_to_load_from_cache(where.repo, name, revision=where.revision or None)
    return Path(found) if isinstance(found, str) else None


def _gone(where: Where) -> bool:
    """Whether not even the config is in the cache."""
    return hub_file_here(where, CONFIG) is None


def _why(where: Where, error: Exception, errors: Any) -> LayerfoldError:
    """The hub's own error as one of ours."""
    if isinstance(error, errors.GatedRepoError):
        return Unreachable(
            f"{where} is gated: accept its terms on its page, then log in here with `hf auth login`"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return ModelNotFound(
            f"{where.repo} has no revision {where.revision!r}: look at its branches and tags"
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return ModelNotFound(
            f"there is no model {where.repo} on the hub, or it is private: check its name, or log"
            " in with `hf auth login`"
        )
    if isinstance(error, errors.HFValidationError):
        return ModelNotFound(
            f"{where.repo[:100]!r} is neither a folder here nor a model's name on the hub"
            " (OWNER/NAME): check it"
        )
    why = (
        f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}"
        if str(error).strip()
        else type(error).__name__
    )
    if isinstance(error, errors.OfflineModeIsEnabled):
        why = "HF_HUB_OFFLINE is set: unset it, or fetch the model beforehand"
    return Unreachable(
        f"{where} is not in the hub's cache on this machine and cannot be fetched ({why}): look at"
        " the network, or name a folder"
    )


def _hub() -> tuple[Any, Any]:
    try:
        import huggingface_hub
        from huggingface_hub import errors
    except ImportError as error:
        raise MissingExtra(
            "models of Hugging Face need more packages: pip install layerfold[hf]"
        ) from error
    return huggingface_hub, errors
