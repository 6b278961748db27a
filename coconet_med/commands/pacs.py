"""``coconet-med pacs``: fuse studies on a DICOMweb server, on request (``fuse``) or as they arrive (``watch``)."""

from __future__ import annotations

import json
import signal
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from coconet_med.commands.options import (
    AllowGaps,
    AnatomyKind,
    AnatomySeries,
    AnatomyWindow,
    Colormap,
    Device,
    Dynamic,
    EngineOption,
    Force,
    FunctionKind,
    FunctionSeries,
    Lightness,
    ModelOption,
    Plane,
    Quiet,
    Register,
    Select,
    Strength,
    Suv,
    Threshold,
    Timezone,
    Transform,
    TransformDirection,
    WindowCommand,
    WindowOption,
    as_options,
)
from coconet_med.errors import OptionError, installs
from coconet_med.system.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coconet_med.pacs.events import Follower
    from coconet_med.pacs.job import StudyOptions
    from coconet_med.pacs.server import Server
    from coconet_med.pacs.state import State
    from coconet_med.result import FusionResult

app = typer.Typer(
    name="pacs",
    help="Fuse studies on a DICOMweb server: one on request, or all that arrive. Research use, not for diagnosis.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Url = Annotated[str, typer.Option(help="Root of the DICOMweb services, such as https://pacs.example/dicom-web.")]
User = Annotated[
    str | None, typer.Option(help="Basic login; its password is in COCONET_MED_PACS_PASSWORD or --password-file.")
]
PasswordFile = Annotated[Path | None, typer.Option(help="File with the password of --user, one line.")]
TokenFile = Annotated[
    Path | None, typer.Option(help="File with a bearer token, one line; or set COCONET_MED_PACS_TOKEN.")
]
CaBundle = Annotated[Path | None, typer.Option(help="Certificates (PEM) of the authorities to trust.")]
ClientCert = Annotated[Path | None, typer.Option(help="Our certificate (PEM), where the server asks for one.")]
ClientKey = Annotated[Path | None, typer.Option(help="Its private key (PEM, no passphrase).")]
PlainHttp = Annotated[
    bool, typer.Option("--allow-plain-http", help="Send images unencrypted to a server that is not this machine.")
]
MostGib = Annotated[float, typer.Option(min=0.001, help="GiB fetched at most for one study.")]
DicomForm = Annotated[str, typer.Option(help="sc, enhanced, gray or navigation.")]
LegendOption = Annotated[
    str, typer.Option(help="The legend: own (a series of its own), series (in the fused one), margin, none.")
]


@app.command(cls=WindowCommand, short_help="Fetch one study, fuse it, and send the result back.")
def fuse(
    url: Url,
    study: Annotated[str, typer.Option(help="Study Instance UID.")],
    anatomy_kind: AnatomyKind = None,
    function_kind: FunctionKind = None,
    anatomy_series: AnatomySeries = None,
    function_series: FunctionSeries = None,
    again: Annotated[
        bool, typer.Option("--again", "--overwrite", help="Send the result even if the server has it.")
    ] = False,
    user: User = None,
    password_file: PasswordFile = None,
    token_file: TokenFile = None,
    ca_bundle: CaBundle = None,
    client_cert: ClientCert = None,
    client_key: ClientKey = None,
    allow_plain_http: PlainHttp = False,
    max_gib: MostGib = 8.0,
    register: Register = "auto",
    force: Force = False,
    transform: Transform = None,
    transform_direction: TransformDirection = "stated",
    plane: Plane = "auto",
    window: WindowOption = None,
    anatomy_window: AnatomyWindow = None,
    threshold: Threshold = None,
    suv: Suv = False,
    colormap: Colormap = "auto",
    model: ModelOption = "light",
    engine: EngineOption = "auto",
    device: Device = "auto",
    strength: Strength = 1.0,
    lightness: Lightness = 1.0,
    allow_gaps: AllowGaps = False,
    dynamic: Dynamic = "mean",
    select: Select = None,
    timezone: Timezone = None,
    dicom_form: DicomForm = "sc",
    dicom_legend: LegendOption = "none",
    view: Annotated[
        bool, typer.Option("--view", help="Then show the fusion in the browser, from this machine alone, until Ctrl-C.")
    ] = False,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON on standard output.")] = False,
) -> None:
    """Fetch the MR or CT and the PET or SPECT of a study, fuse them, and store the result in the study."""
    from coconet_med.commands.progress import Reporter

    options = _study_options(locals())
    server = _connect(
        url, user, password_file, token_file, ca_bundle, client_cert, client_key, allow_plain_http, max_gib
    )
    from coconet_med.model import load_model
    from coconet_med.pacs.job import fuse_study
    from coconet_med.pacs.server import check_uid
    from coconet_med.pacs.signal_guard import SignalGuard

    uid = check_uid(study, "--study")
    with Reporter(quiet=quiet or as_json) as say, SignalGuard() as guard:
        network = load_model(model, engine=engine, device=device)
        kept: list[FusionResult] = []
        outcome = fuse_study(
            server, uid, options, model=network, guard=guard, again=again, progress=say.progress,
            after_fuse=kept.append if view else lambda result: None,
        )  # fmt: skip
        for warning in outcome.warnings:
            say.warning(warning)
        if outcome.action == "stored":
            say.done(f"stored {outcome.sent} objects as series {outcome.series_uid} of study {uid}")
        else:
            say.done(
                f"the server has this result already: series {outcome.series_uid}, {outcome.objects} objects; nothing "
                "was sent (--again sends it)"
            )
    if as_json:
        typer.echo(json.dumps(asdict(outcome), indent=2))
    if view:
        from coconet_med.commands.view import show
        from coconet_med.viewer.opening import view_of

        show(view_of(kept.pop(), name=f"study {uid}"), quiet=quiet)


@app.command(cls=WindowCommand, short_help="Fuse every study that arrives with a pair, once.")
def watch(
    url: Url,
    folder: Annotated[Path, typer.Option(help="Folder of this watcher: state.json, audit.jsonl; made if missing.")],
    follow: Annotated[
        str, typer.Option(help="orthanc: its list of changes; search: DICOMweb searches; auto: whichever works.")
    ] = "auto",
    orthanc_url: Annotated[
        str | None, typer.Option(help="Root of Orthanc's own interface; by default the parent of --url.")
    ] = None,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks at the server.")] = 10.0,
    quiet_time: Annotated[
        float,
        typer.Option(min=0, help="Seconds without new objects after which a study is complete."),
    ] = 120.0,
    days: Annotated[int, typer.Option(min=0, max=3650, help="search: age in days of the studies looked at.")] = 2,
    backlog: Annotated[
        bool, typer.Option("--backlog", help="On the first start, also take the studies that are there.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="End when nothing more is ready.")] = False,
    user: User = None,
    password_file: PasswordFile = None,
    token_file: TokenFile = None,
    ca_bundle: CaBundle = None,
    client_cert: ClientCert = None,
    client_key: ClientKey = None,
    allow_plain_http: PlainHttp = False,
    max_gib: MostGib = 8.0,
    register: Register = "auto",
    plane: Plane = "auto",
    window: WindowOption = None,
    anatomy_window: AnatomyWindow = None,
    threshold: Threshold = None,
    anatomy_kind: AnatomyKind = None,
    function_kind: FunctionKind = None,
    suv: Suv = False,
    colormap: Colormap = "auto",
    model: ModelOption = "light",
    engine: EngineOption = "auto",
    device: Device = "auto",
    strength: Strength = 1.0,
    lightness: Lightness = 1.0,
    allow_gaps: AllowGaps = False,
    dynamic: Dynamic = "mean",
    select: Select = None,
    timezone: Timezone = None,
    dicom_form: DicomForm = "sc",
    dicom_legend: LegendOption = "none",
    quiet: Quiet = False,
) -> None:
    """Fuse every study that arrives with an MR or CT and a PET or SPECT, once; runs until SIGTERM or Ctrl-C."""
    options = _study_options(locals())
    server = _connect(
        url, user, password_file, token_file, ca_bundle, client_cert, client_key, allow_plain_http, max_gib
    )
    from coconet_med.model import load_model
    from coconet_med.pacs.audit import AuditLog
    from coconet_med.pacs.signal_guard import Interruption, SignalGuard
    from coconet_med.pacs.state import State
    from coconet_med.pacs.state_folder import StateFolder
    from coconet_med.pacs.watch import Pace, Watcher

    try:
        with SignalGuard() as guard, StateFolder(folder) as place:
            network = load_model(model, engine=engine, device=device)
            state = State(place.state_file, server=server.address.url)
            follower = _follower(server, state, follow, orthanc_url, allow_plain_http, quiet_time, days, backlog)
            audit = AuditLog(place.audit_file, redact=server.identities.redact)
            Watcher(
                server, follower, state, audit, place, options,
                model=network, guard=guard, pace=Pace(interval, again=6 * interval),
                say=(lambda text: None) if quiet else (lambda text: typer.echo(printable(text), err=True)),
            ).run(once=once)  # fmt: skip
    except Interruption as interruption:
        if interruption.signal != signal.SIGTERM:
            raise


def _connect(
    url: str,
    user: str | None,
    password_file: Path | None,
    token_file: Path | None,
    ca_bundle: Path | None,
    client_cert: Path | None,
    client_key: Path | None,
    allow_plain_http: bool,
    max_gib: float,
) -> Server:
    from importlib.util import find_spec

    from coconet_med.pacs.address import parse_address
    from coconet_med.pacs.secret import find_login, readable_by_others

    if find_spec("dicomweb_client") is None:
        raise OptionError(f"pacs needs dicomweb-client; install it with: {installs('pacs')}")
    address = parse_address(url, allow_plain_http=allow_plain_http)
    login = find_login(user=user, password_file=password_file, token_file=token_file)
    for path in (password_file, token_file, client_key):
        if path is not None and path.is_file() and readable_by_others(path):
            typer.echo(printable(f"warning: {path} can be read by other users of this machine; chmod 600 it"), err=True)
    from coconet_med.pacs.server import Server
    from coconet_med.pacs.session import Limits, Tls

    limits = Limits(study_bytes=int(max_gib * 2**30))
    return Server(address, login=login, tls=Tls(ca_bundle, client_cert, client_key), limits=limits)


def _study_options(given: Mapping[str, Any]) -> StudyOptions:
    """The options among the values of a command, checked before anything is fetched."""
    from coconet_med.choices import DicomForm, LegendPlace, one_of
    from coconet_med.pacs.job import StudyOptions

    one_of("--dicom-form", given["dicom_form"], get_args(DicomForm))
    one_of("--dicom-legend", given["dicom_legend"], get_args(LegendPlace))
    own = {"form": given["dicom_form"], "legend": given["dicom_legend"]}
    return StudyOptions.taken_from({**as_options(given), **own}).validate()


def _follower(
    server: Server,
    state: State,
    follow: str,
    orthanc_url: str | None,
    allow_plain_http: bool,
    quiet_time: float,
    days: int,
    backlog: bool,
) -> Follower:
    from coconet_med.choices import one_of
    from coconet_med.pacs.address import parse_address
    from coconet_med.pacs.follow import Chosen, Follow, QuietStudies
    from coconet_med.pacs.orthanc import OrthancChanges

    one_of("--follow", follow, get_args(Follow))
    root = server.address.parent
    if orthanc_url is not None:
        root = parse_address(orthanc_url, option="--orthanc-url", allow_plain_http=allow_plain_http).url
    return Chosen(
        server,
        root,
        state,
        follow,  # type: ignore[arg-type]  # checked above
        changes=OrthancChanges(server, root, state, quiet=quiet_time, backlog=backlog),
        searches=QuietStudies(server, state, quiet=quiet_time, days=days, backlog=backlog),
    )
