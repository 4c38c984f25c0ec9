"""Every error a person can meet, as one tree; each class has a stable code and the HTTP status the
edge gives it.

LayerfoldError
├── InputError            what was typed or sent cannot be used
│   ├── EmptyText         nothing to place
│   ├── TextTooLong       more characters or tokens than the bound
│   ├── UnknownSymbol     a word that a model of symbols does not read
│   ├── ModelRefused      a model that is not opened: foreign code, pickles, an architecture that is
│                         not known
│   ├── NotSupported      a model without the part that this reads, named in the reason
│   ├── Diverged          a step of a training whose numbers are not finite
│   ├── NotComparable     two runs or steps that cannot be laid over each other
│   └── BadMessage        a message that the protocol does not know
├── NotFound              a name that is not in the catalogue
│   ├── RunNotFound
│   ├── StepNotFound
│   ├── SiteNotFound
│   ├── ProjectionNotFound
│   ├── ModelNotFound     no such model, or no such revision of it
│   ├── JobNotFound
│   └── TokenNotFound
├── DamagedRun            a file of a run is missing, cut short or not what its hash says
│   ├── EditedCard        a card was changed after it was written
│   ├── AtlasMissing      the run has no atlas yet
│   └── NoWeights         the run holds states and no weights: nothing can be read by it
├── Unreachable           a model or text that lies elsewhere cannot be fetched: no network, no
│                         permission
├── MissingExtra          a package that is not installed with Layerfold alone
├── CorpusError           text that nothing can be trained on
├── RecipeError           a training recipe that cannot be followed
├── PortInUse             the port that was asked for is taken
├── ForeignOrigin         a page of another origin, or a foreign Host
├── LabClosed             nothing may be trained on this server
├── TooLarge              a computation would take more memory than this machine has
├── Busy                  a bound on work in progress is reached
└── Cancelled             a newer request took this one's place
"""


class LayerfoldError(Exception):
    """What is wrong, the value, and what to do; ``code`` is stable and machine-readable; ``step``
    is the one of a run that it is of, -1 where it is of none.
    """

    code = "error"
    status = 500
    step = -1


class InputError(LayerfoldError):
    code = "bad_input"
    status = 422


class EmptyText(InputError):
    code = "empty_text"


class TextTooLong(InputError):
    code = "text_too_long"


class UnknownSymbol(InputError):
    code = "unknown_symbol"


class BadMessage(InputError):
    code = "bad_message"


class NotFound(LayerfoldError):
    code = "not_found"
    status = 404


class RunNotFound(NotFound):
    code = "run_not_found"


class StepNotFound(NotFound):
    code = "step_not_found"


class SiteNotFound(NotFound):
    code = "site_not_found"


class ProjectionNotFound(NotFound):
    code = "projection_not_found"


class TokenNotFound(NotFound):
    code = "token_not_found"


class ModelRefused(InputError):
    code = "model_refused"


class NotSupported(InputError):
    code = "not_supported"


class Diverged(InputError):
    """``step`` is the one whose numbers are not finite."""

    code = "diverged"

    def __init__(self, words: str, step: int = -1) -> None:
        super().__init__(words)
        self.step = step


class NotComparable(InputError):
    code = "not_comparable"


class ModelNotFound(NotFound):
    code = "model_not_found"


class JobNotFound(NotFound):
    code = "job_not_found"


class Unreachable(LayerfoldError):
    code = "unreachable"
    status = 502


class MissingExtra(LayerfoldError):
    code = "missing_extra"
    status = 501


class DamagedRun(LayerfoldError):
    code = "damaged_run"
    status = 409


class EditedCard(DamagedRun):
    code = "edited_card"


class AtlasMissing(DamagedRun):
    code = "atlas_missing"


class NoWeights(DamagedRun):
    code = "no_weights"


class CorpusError(LayerfoldError):
    code = "unusable_corpus"
    status = 422


class RecipeError(LayerfoldError):
    code = "bad_recipe"
    status = 422


class PortInUse(LayerfoldError):
    code = "port_in_use"
    status = 409


class ForeignOrigin(LayerfoldError):
    code = "foreign_origin"
    status = 403


class LabClosed(LayerfoldError):
    code = "lab_closed"
    status = 403


class TooLarge(LayerfoldError):
    code = "too_large"
    status = 507


class Busy(LayerfoldError):
    code = "busy"
    status = 503


class Cancelled(LayerfoldError):
    code = "cancelled"
    status = 409
