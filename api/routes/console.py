"""GET /console and what only it reads: files, the catalog, an item, an earlier list, the model."""

from __future__ import annotations

from typing import Any, Final

from flask import Flask, Response, render_template, request

from api.console.catalog_answer import catalog_answer
from api.console.files import SCRIPTS, read_files
from api.console.item_answer import item_answer
from api.contract.endpoint import ALWAYS, WITH_SNAPSHOT, Endpoint, SuccessResponse
from api.contract.options import OPTIONS, read_options
from api.contract.parameters import Flag, Text
from api.routes.item_answers import ITEM, described_item, item_row
from api.service import Service
from api.wsgi.problems import ProblemError
from api.wsgi.responses import json_response, to_json
from classes.console.earlier_snapshot import NoEarlierSnapshotError, open_earlier
from storage.snapshot_folder import SnapshotFolder

TAG: Final = "console"
_OBJECT: Final = {"type": "object"}

_PICTURES: Final = Flag(
    name="pictures",
    meaning="Whether the browser may load pictures of items from the shop's own addresses; "
    "otherwise the page loads nothing from anywhere else.",
    default=False,
)
_FILE: Final = Text(name="file", meaning="The file's name.", example="console.js", required=True)
_USER: Final = Text(
    name="user", meaning="The name of a user.", example="Steven Novak", required=True
)

_PAGE: Final = Endpoint(
    method="GET",
    path="/console",
    tag="pages",
    summary="A page that shows lists with their reasons, the catalog and the service at work",
    response=SuccessResponse("The page.", media_type="text/html"),
    problems=ALWAYS,
    parameters=(_PICTURES,),
)
_FILES: Final = Endpoint(
    method="GET",
    path="/console/<file>",
    tag=TAG,
    summary="A script or style of the console",
    description="Answers 304 without the file if its ETag is sent as If-None-Match.",
    response=SuccessResponse("The file.", media_type="text/javascript"),
    problems=ALWAYS | {404: "There is no such file."},
    path_parameters=(_FILE,),
)
_CATALOG: Final = Endpoint(
    method="GET",
    path="/console/catalog",
    tag=TAG,
    summary="What the lists show of the catalog, beside what is bought",
    description="From the lists computed ahead, before rules.",
    response=SuccessResponse("Coverage, the most shown items, and shares.", _OBJECT),
)
_ABOUT_ITEM: Final = Endpoint(
    method="GET",
    path="/console/item",
    tag=TAG,
    summary="Who gets an item, and its neighbors by each similarity",
    response=SuccessResponse("Places in lists, users and neighbors.", _OBJECT),
    problems=WITH_SNAPSHOT | {404: "There is no item with this name."},
    parameters=(ITEM,),
)
_EARLIER: Final = Endpoint(
    method="GET",
    path="/console/previous",
    tag=TAG,
    summary="A user's list in the generation before",
    description="Takes the options of `GET /recommendations`.",
    response=SuccessResponse("The list; X-Generation names the earlier generation.", _OBJECT),
    problems=WITH_SNAPSHOT | {404: "There is no earlier generation."},
    parameters=(_USER, *OPTIONS),
)
_MODEL: Final = Endpoint(
    method="GET",
    path="/console/model",
    tag=TAG,
    summary="The card and the metrics of the model in service",
    description="Both are null unless the model file in MODEL_PATH is the one in service.",
    response=SuccessResponse("What training and evaluation wrote.", _OBJECT),
)


def register(app: Flask, service: Service) -> None:
    """Add the routes."""
    _register_page(app)
    _register_catalog(app, service)
    _register_comparison(app, service)
    cards = service.cards

    @_MODEL.on(app)
    def console_model() -> Response:
        """Return the model's card and metrics, if they belong to the model in service."""
        _MODEL.query()
        snapshot = service.store.current()
        same = cards.belong_to(snapshot)
        payload = {
            "in_place": same,
            "card": cards.card() if same else None,
            "metrics": cards.metrics() if same else None,
        }
        return json_response(to_json(payload), snapshot.generation)


def _register_page(app: Flask) -> None:
    files = read_files()

    @_PAGE.on(app)
    def console() -> Response:
        """Return the page."""
        pictures = _PAGE.query().read(_PICTURES)
        page = render_template("console/console.html", modules=SCRIPTS, pictures=pictures)
        policy = _policy(f"'self' data:{' https: http:' if pictures else ''}")
        return Response(page, headers={"Content-Security-Policy": policy}, mimetype="text/html")

    @_FILES.on(app)
    def console_file(file: str) -> Response:
        """Return a script or style, or only that the browser's copy is the newest."""
        _FILES.query()
        found = files.get(file)
        if found is None:
            raise ProblemError(404, f"The console has no file {file[:60]!r}.")
        # Browsers keep the file but ask each time, so an upgrade never mixes two versions.
        response = Response(found.content, headers={"Cache-Control": "no-cache"})
        response.content_type = f"{found.media_type}; charset=utf-8"
        response.set_etag(found.etag)
        response.make_conditional(request)
        return response


def _register_catalog(app: Flask, service: Service) -> None:
    held: tuple[tuple[str, float], bytes] = ("", -1.0), b""

    @_CATALOG.on(app)
    def console_catalog() -> Response:
        """Describe the catalog; computed again only for another generation or more lists."""
        nonlocal held
        _CATALOG.query()
        snapshot = service.store.current()
        key = snapshot.generation, snapshot.recommender.progress
        known = held
        if known[0] != key:
            known = held = key, to_json(catalog_answer(snapshot))
        return json_response(known[1], snapshot.generation)

    @_ABOUT_ITEM.on(app)
    def console_item() -> Response:
        """Describe who gets an item."""
        name = _ABOUT_ITEM.query().read(ITEM) or ""
        snapshot = service.store.current()
        row = item_row(snapshot.data, name)
        return json_response(to_json(item_answer(snapshot, row)), snapshot.generation)


def _register_comparison(app: Flask, service: Service) -> None:
    folder = SnapshotFolder(service.config.snapshot_path)

    @_EARLIER.on(app)
    def console_previous() -> Response:
        """Recommend from the generation before, which is opened for this request alone."""
        query = _EARLIER.query()
        user, options = query.read(_USER) or "", read_options(query)
        try:
            snapshot = open_earlier(folder, service.store.rules, service.store.events)
        except NoEarlierSnapshotError as error:
            raise ProblemError(404, str(error)) from error
        [rows] = (
            each.rows for each in snapshot.recommender.recommend_in_detail([user], options).values()
        )
        payload: dict[str, Any] = {
            "user": user,
            "known": snapshot.users.find(user) is not None,
            "generation": snapshot.generation,
            "items": [
                {**described_item(snapshot.data, int(row)), "rank": place}
                for place, row in enumerate(rows, 1)
            ],
        }
        return json_response(to_json(payload), snapshot.generation)


def _policy(images: str) -> str:
    """Allow the page its own files and this service, and pictures from `images`."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; "
        f"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
