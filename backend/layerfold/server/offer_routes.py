"""The HTTP routes of the models that the page offers to fetch."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from layerfold.server.lab_routes import BUSY, FOREIGN, NOT_FOUND
from layerfold.server.offers import Offers
from layerfold.server.protocol.http import SeedTable
from layerfold.server.protocol.offers import ModelOffers

Name = Annotated[str, Path(min_length=1, max_length=100, description="the name of a model")]


def create_offer_routes(offers: Offers) -> APIRouter:
    """Every route of the offered models."""
    api = APIRouter(responses=FOREIGN)

    @api.get("/api/models")
    def list_models() -> ModelOffers:
        """The models that can be fetched, what is being fetched, and how far that is."""
        return offers.list()

    @api.get("/api/models/{name}/seed", responses=NOT_FOUND)
    def get_seed(name: Name) -> SeedTable:
        """What became of every sentence of the seed in a model that is not here: it comes along."""
        return offers.seed(name)

    @api.post("/api/models/{name}", responses={**NOT_FOUND, **BUSY})
    def fetch_model(name: Name) -> ModelOffers:
        """A model is fetched, made and opened, or goes on where that was broken off."""
        return offers.fetch(name)

    @api.delete("/api/models/{name}", responses=NOT_FOUND)
    def stop_model(name: Name) -> ModelOffers:
        """A model is fetched no further."""
        return offers.stop(name)

    return api
