"""The HTTP answers: the catalogue, cards, clouds, reference tokens, metrics and measures; each with
its errors in one shape.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from layerfold.atlas.files import REFERENCE
from layerfold.atlas.projection_files import UMAP
from layerfold.claims.claim import read_claims
from layerfold.claims.seed.files import read_seed
from layerfold.errors import LayerfoldError
from layerfold.interp.session import Session
from layerfold.server.catalog import Catalog
from layerfold.server.comparisons import add_comparing
from layerfold.server.jobs import Jobs, Rank
from layerfold.server.page_files import takes
from layerfold.server.protocol.clouds import PackedClouds
from layerfold.server.protocol.http import (
    Building,
    ClaimsTable,
    ErrorAnswer,
    Example,
    Health,
    Limits,
    MeasuresTable,
    MetricsTable,
    Problem,
    ReferenceTable,
    RunCard,
    RunEntry,
    RunList,
    SeedTable,
)
from layerfold.server.protocol.tables import (
    frame_of,
    measures_table,
    metrics_table,
    projection_cards,
    reference_table,
)
from layerfold.server.watch import Watch

Errors = dict[int | str, dict[str, Any]]
RunName = Annotated[str, Path(description="a name from the catalogue")]
Step = Annotated[int, Path(ge=0, le=2**53 - 1, description="a training step that has a checkpoint")]
Shown = Annotated[
    str, Query(min_length=1, max_length=64, description="one of the card's projections")
]
Trusted = Annotated[
    bool,
    Query(
        description=(
            "with trust and continuity of each point, which may take seconds; umap always has them"
        )
    ),
]
Packed = Annotated[
    bool,
    Query(
        description=(
            "as the page asks for them: positions as differences from site to site of ordered half"
            " numbers, in planes low and high [1, site, 3, token] U8, and trust; packed by gzip"
        )
    ),
]
Accepted = Annotated[str, Header(alias="Accept-Encoding", include_in_schema=False)]
KnownTag = Annotated[
    str | None, Header(alias="If-None-Match", description="the ETag of the copy at hand")
]

REVALIDATE: Final = "no-cache"
FOR_GOOD: Final = "public, max-age=31536000, immutable"
NOT_FOUND: Final[Errors] = {404: {"model": ErrorAnswer, "description": "No such run or step"}}
INVALID: Final[Errors] = {
    422: {"model": ErrorAnswer, "description": "A parameter that cannot be used"}
}
DAMAGED: Final[Errors] = {
    409: {
        "model": ErrorAnswer,
        "description": "A file of the run is missing or damaged, or there is no atlas",
    }
}
FOREIGN: Final[Errors] = {403: {"model": ErrorAnswer, "description": "A foreign Host"}}
BUSY: Final[Errors] = {
    503: {
        "model": ErrorAnswer,
        "description": "More computations are waiting than the server keeps in line",
    }
}
UNCHANGED: Final[Errors] = {304: {"description": "The copy at hand is current"}}
OF_A_RUN: Final[Errors] = {**NOT_FOUND, **INVALID, **DAMAGED}
KEPT_REFERENCES: Final = 16  # a quarter of a megabyte each
BINARY: Final = "application/octet-stream"
# hashes, and where things lie here
OURS: Final = ("files", "source", "place", "checkpoints", "skipped", "words", "configs", "trained")


def create_routes(
    catalog: Catalog,
    jobs: Jobs,
    limits: Callable[[Session], Limits],
    version: str,
    watch: Watch | None = None,
) -> APIRouter:
    """Every HTTP route below ``/api``, and Plotly."""
    api = APIRouter(responses=FOREIGN)
    seen = watch or Watch(catalog)

    @api.get("/api/health")
    def health() -> Health:
        """The server is up."""
        return Health(version=version, runs=len(catalog.names))

    @api.get("/api/runs")
    def list_runs() -> RunList:
        """The catalogue; a run that cannot be opened says why."""
        entries = [_entry(catalog, name, seen) for name in catalog.names]
        default = next((entry.name for entry in entries if entry.problem is None), None)
        return RunList(
            runs=[entry.model_copy(update={"default": entry.name == default}) for entry in entries]
        )

    @api.get("/api/runs/{run}", responses=OF_A_RUN)
    def get_run(run: RunName) -> RunCard:
        """The card of a run, with what its atlas holds."""
        opened = catalog.open(run)
        return card(opened, run, limits(opened), seen.building(run))

    _add_clouds(api, catalog, jobs)
    _add_tables(api, catalog)
    add_comparing(api, catalog, jobs, limits)
    return api


def _add_clouds(api: APIRouter, catalog: Catalog, jobs: Jobs) -> None:
    """The route whose answers are a step's clouds."""

    packings = PackedClouds()

    @api.get(
        "/api/runs/{run}/atlas/{step}",
        response_class=Response,
        responses={**OF_A_RUN, **UNCHANGED, **BUSY, **_binary()},
    )
    async def get_atlas(
        run: RunName,
        step: Step,
        projection: Shown = UMAP,
        trust: Trusted = False,
        packed: Packed = False,
        accepted: Accepted = "",
        known: KnownTag = None,
    ) -> Response:
        """The clouds of one step as safetensors: positions [site, token, 3] F16; trust and
        continuity [site, token] U8 (255 is 1).
        """
        opened = await run_in_threadpool(catalog.open, run)
        if projection == UMAP:
            data = await run_in_threadpool(opened.atlas_bytes, step)
        else:
            data = await clouds(jobs, opened, step, projection, trust)
        digest = hashlib.sha256(data).hexdigest()
        if not packed:
            return tagged(data, BINARY, f'"{digest}"', known)
        return packed_answer(await run_in_threadpool(packings.of, digest, data), accepted, known)


def _add_tables(api: APIRouter, catalog: Catalog) -> None:
    """The routes whose answers are tables of a run, as JSON."""

    @lru_cache(maxsize=KEPT_REFERENCES)
    def reference_of(run: str, lineage: str) -> bytes:
        """A reference in words, which is the same as long as its atlas is: made once, since it
        takes a quarter of a second and stands before every first picture.
        """
        return reference_table(catalog.open(run)).model_dump_json().encode()

    @api.get(
        "/api/runs/{run}/reference",
        response_model=ReferenceTable,
        responses={**OF_A_RUN, **UNCHANGED},
    )
    def get_reference(run: RunName, known: KnownTag = None) -> Response:
        """The reference tokens behind the clouds, in their contexts."""
        return _told(reference_of(run, lineage(catalog.open(run))), known)

    @api.get(
        "/api/runs/{run}/metrics", response_model=MetricsTable, responses={**OF_A_RUN, **UNCHANGED}
    )
    def get_metrics(run: RunName, known: KnownTag = None) -> Response:
        """The training log."""
        return _json(metrics_table(catalog.open(run)), known)

    @api.get(
        "/api/runs/{run}/measures",
        response_model=MeasuresTable,
        responses={**OF_A_RUN, **UNCHANGED},
    )
    def get_measures(run: RunName, known: KnownTag = None) -> Response:
        """A number for each step and site, and what the shown axes correlate with."""
        return _json(measures_table(catalog.open(run)), known)

    @api.get(
        "/api/runs/{run}/claims", response_model=ClaimsTable, responses={**OF_A_RUN, **UNCHANGED}
    )
    def get_claims(run: RunName, known: KnownTag = None) -> Response:
        """Published results beside the same figures here at each step, as `layerfold verify
        --write` left them; empty where it did not.
        """
        return _json(ClaimsTable(claims=read_claims(catalog.open(run).run)), known)

    @api.get("/api/runs/{run}/seed", response_model=SeedTable, responses={**OF_A_RUN, **UNCHANGED})
    def get_seed(run: RunName, known: KnownTag = None) -> Response:
        """What became of every sentence of the seed, as `layerfold verify --seed --write` left it;
        empty where it did not.
        """
        return _json(SeedTable(cards=read_seed(catalog.open(run).run)), known)


async def clouds(jobs: Jobs, opened: Session, step: int, projection: str, trust: bool) -> bytes:
    """The clouds of a step as a linear map shows them; each site's trust is a turn of its own, so
    that sentences need not wait for all.
    """
    owner = ("clouds", id(opened), projection)
    waiting = (
        await jobs.run(owner, Rank.NOW, lambda: opened.unscored(step, projection)) if trust else []
    )
    for site in waiting:
        await jobs.run(owner, Rank.REST, partial(opened.score, step, site, projection))
    return await jobs.run(owner, Rank.FIRST, lambda: opened.atlas_bytes(step, projection, trust))


def card(opened: Session, name: str, limits: Limits, building: Building | None = None) -> RunCard:
    """The card as the page gets it; what is known from the files wins over what the card says."""
    return RunCard.model_validate(
        {
            "title": name,
            "description": "",
            **{key: value for key, value in opened.card.items() if key not in OURS},
            "name": name,
            "sites": [site.name for site in opened.sites],
            "steps": list(opened.steps),
            "view": opened.atlas.view,
            "frame": frame_of(opened.atlas.frame),
            "projections": projection_cards(opened),
            "limits": limits,
            "examples": [
                Example.model_validate(example) for example in opened.card.get("examples", [])
            ],
            "reference": len(opened.atlas.reference),
            "layout_seed": opened.atlas.parameters.get("seed"),
            "density": bool(opened.atlas.parameters.get("density")),
            "problems": [
                Problem(code=problem.code, message=str(problem)) for problem in opened.problems()
            ],
            "kind": opened.kind,
            "live": opened.live,
            "typed": opened.typed,
            "building": building,
            "lineage": lineage(opened),
        }
    )


def tagged(data: bytes, media_type: str, tag: str, known: str | None) -> Response:
    """The bytes with their tag, or 304 when the browser has them."""
    headers = {"ETag": tag, "Cache-Control": REVALIDATE}
    if known and any(part.strip() in (tag, f"W/{tag}", "*") for part in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)


def packed_answer(data: bytes, accepted: str, known: str | None) -> Response:
    """What gzip has packed already, as it is where it is taken so; with a tag of its own."""
    tag = f'"{hashlib.sha256(data).hexdigest()}"'
    coded = takes(accepted, "gzip")
    answer = tagged(data if coded else gzip.decompress(data), BINARY, tag, known)
    answer.headers["Vary"] = "Accept-Encoding"
    if coded and answer.status_code == 200:
        answer.headers["Content-Encoding"] = "gzip"
    return answer


def _json(answer: BaseModel, known: str | None) -> Response:
    return _told(answer.model_dump_json().encode(), known)


def _told(data: bytes, known: str | None) -> Response:
    return tagged(data, "application/json", f'W/"{hashlib.sha256(data).hexdigest()}"', known)


def lineage(opened: Session) -> str:
    """What stays the same while an atlas grows, and is another when it was built anew: which
    tokens, and the clouds of the first step.
    """
    files = opened.atlas.card["files"]
    return hashlib.sha256(
        f"{files.get(REFERENCE)} {opened.atlas.hash_of(opened.steps[0])}".encode()
    ).hexdigest()[:16]


def _entry(catalog: Catalog, name: str, watch: Watch) -> RunEntry:
    """A line of the catalogue; a run without clouds has a problem, and beside it how far they
    are.
    """
    entry = RunEntry(name=name, title=name, description="", building=watch.building(name))
    try:
        opened = catalog.open(name)
        said = {
            "title": str(opened.card.get("title", name)),
            "description": str(opened.card.get("description", "")),
            "title_zh": str(opened.card.get("title_zh", "")),
            "description_zh": str(opened.card.get("description_zh", "")),
        }
        entry = entry.model_copy(update={**said, "kind": opened.kind, "live": opened.live})
        _ = opened.atlas  # a run without clouds has nothing to show
    except LayerfoldError as error:
        words = f"{error} {watch.problem(name)}".strip()
        return entry.model_copy(update={"problem": Problem(code=error.code, message=words)})
    return entry


def _binary() -> Errors:
    return {
        200: {
            "content": {BINARY: {"schema": {"type": "string", "format": "binary"}}},
            "description": "safetensors",
        }
    }
