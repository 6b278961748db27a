"""What happens before a config runs: keys that do nothing are refused, and errors of ours become one line."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

from coconet_med.errors import FusionError, OptionError
from coconet_med.system.printable import printable
from coconet_med.system.telemetry import silence_mlflow

#: What :class:`coconet_med.bundle.saving.CaseLayout` writes.
_EXTENSIONS = (".nii.gz", ".nii", ".nrrd", ".mha")
#: Keys of the training that count something.
_COUNTS = frozenset({"epochs", "val_interval", "size", "slices_per_case", "cases_per_batch", "slice_batch"})


def begin(arguments: Sequence[str] | None = None) -> None:
    """Called by the configs in ``initialize``; does nothing where no ``monai.bundle run`` is at work.

    Args:
        arguments: of the command line; those of this process by default.

    Raises:
        OptionError: a key that no config knows, a value that it cannot have, or weights that would not be taken.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _options(given)
    if "run" not in given[:1] or "config_file" not in options:
        return
    sys.excepthook = one_line
    if "tracking" in options:
        check_tracking(options["tracking"])
    refuse_unknown_keys(options)
    refuse_impossible_numbers(options)
    config = _config_of(options)
    refuse_unclear_switches(options, config)
    refuse_unknown_names(options)
    check_weights(options, trains=any("session" in str(step) for step in config.get("run", ())))


def _config_of(options: dict[str, str]) -> dict[str, Any]:
    """The config files of a command, put together as MONAI does."""
    from monai.bundle import ConfigParser

    files = options["config_file"]
    return ConfigParser.load_config_files(ast.literal_eval(files) if files.lstrip().startswith(("[", "(")) else files)


def refuse_unknown_keys(options: dict[str, str]) -> None:
    """Every option must name something that is in the configs, or be one of ``monai.bundle run`` itself.

    Args:
        options: name and value, as on the command line; ``config_file`` is among them.

    Raises:
        OptionError: it names the key, and the one that may have been meant.
    """
    import inspect

    from monai.bundle.scripts import run

    config = _config_of(options)
    known = {str(key).split("#")[0] for key in config}
    known |= _settings_of(options["tracking"]).keys() if "tracking" in options else set()
    own = set(inspect.signature(run).parameters)
    for name in options:
        parts = name.replace("::", "#").split("#")
        if parts[0] in own or (parts[0] in known and _fits(config.get(parts[0]), parts[1:])):
            continue
        close = get_close_matches(parts[0].removeprefix("max_").removeprefix("num_"), sorted(known), n=1, cutoff=0.7)
        hint = f"; did you mean --{close[0]}?" if close and close[0] != parts[0] else ""
        msg = f"--{name}: no key of this config, so it would do nothing{hint}"
        raise OptionError(msg)


def check_tracking(tracking: str) -> None:
    """Refuse a tracking that cannot be done, before any work; MLflow reports nothing to its maker.

    Args:
        tracking: ``"mlflow"``, or a file of settings in its form.

    Raises:
        OptionError: another name, or MLflow or what its database needs is not installed.
    """
    _settings_of(tracking)
    missing = [name for name in ("mlflow", "sqlalchemy") if find_spec(name) is None]
    if missing:
        msg = f"--tracking {tracking}: needs {' and '.join(missing)}; pip install mlflow, or leave --tracking out"
        raise OptionError(msg)
    silence_mlflow()


def _settings_of(tracking: str) -> dict[str, Any]:
    """What a tracking takes on the command line, besides the keys of the configs."""
    from monai.bundle import ConfigParser
    from monai.bundle.utils import DEFAULT_EXP_MGMT_SETTINGS

    settings: Any = DEFAULT_EXP_MGMT_SETTINGS.get(tracking)
    if settings is None:
        if not Path(tracking).is_file():
            raise OptionError(f"--tracking {tracking}: choose mlflow, or give a file of settings")
        settings = ConfigParser.load_config_file(tracking)
    return settings.get("configs", {})


def refuse_impossible_numbers(options: dict[str, str]) -> None:
    """Counts must be whole and at least 1, rates above 0: found out here, not by a traceback after minutes.

    Raises:
        OptionError: it names the key.
    """
    for name in _COUNTS & options.keys():
        text = options[name]
        if not text.startswith(("$", "@")) and not (text.isdecimal() and int(text) >= 1):
            raise OptionError(f"--{name} {text}: give a whole number from 1 on")
    rate = options.get("learning_rate", "1")
    if not rate.startswith(("$", "@")):
        try:
            good = 0 < float(rate) < float("inf")
        except ValueError:
            good = False
        if not good:
            raise OptionError(f"--learning_rate {rate}: give a number above 0, for example 0.0002")


def refuse_unclear_switches(options: dict[str, str], config: dict[str, Any]) -> None:
    """``--finetune false`` is a text for MONAI, and every text counts as true.

    Raises:
        OptionError: a key that is true or false in the configs has another value.
    """
    for name, text in options.items():
        switch = isinstance(config.get(name), bool) and text and not text.startswith(("$", "@", "--"))
        if switch and text not in ("True", "False", "1", "0"):
            raise OptionError(f"--{name} {text}: give True or False, spelled so")


def refuse_unknown_names(options: dict[str, str]) -> None:
    """A network or a format of files that is not known ends in a traceback of MONAI otherwise.

    Raises:
        OptionError: it names those that are.
    """
    from coconet_med.network import CONFIGURATIONS

    for name, known in (("model", tuple(CONFIGURATIONS)), ("output_ext", _EXTENSIONS)):
        text = options.get(name, "")
        if text and not text.startswith(("$", "@")) and text not in known:
            raise OptionError(f"--{name} {text}: choose {', '.join(known)}")


def check_weights(options: dict[str, str], *, trains: bool) -> None:
    """Refuse weights that would not be taken, and tell whose figures an evaluation beside a training gives.

    Args:
        options: of the command line.
        trains: whether the configs train.

    Raises:
        OptionError: ``weights`` are given, and would do nothing, or are not there.
    """
    given = options.get("weights", "")
    if given and not given.startswith(("$", "@", "{")) and not Path(given).is_file():
        raise OptionError(f"--weights {given}: no such file; give weights (.pt) of the network")
    if trains:
        if "weights" in options and options.get("finetune") in ("False", "0"):
            raise OptionError(
                "--weights: a training with --finetune False begins with random ones; leave one of them out"
            )
    elif {"weights", "ckpt_dir"} <= options.keys():
        raise OptionError("--weights and --ckpt_dir: each says which weights are evaluated; leave one of them out")
    elif not {"weights", "ckpt_dir"} & options.keys() and options.get("output_dir"):
        trained = Path(options["output_dir"]) / "models" / "model.pt"
        own = Path(options.get("bundle_root", ".")) / "models" / "model.pt"
        if trained.is_file() and trained.resolve() != own.resolve():
            print(f"note: the weights are those of the bundle; for those of the training give --weights {trained}")


def one_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """``sys.excepthook`` that says in one line what one of our errors says, however MONAI has wrapped it."""
    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, FusionError):
            print(f"error: {printable(cause)}", file=sys.stderr)
            return
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    sys.__excepthook__(kind, error, trace)


def _options(arguments: Sequence[str]) -> dict[str, str]:
    found = {}
    for number, argument in enumerate(arguments):
        if argument.startswith("--") and len(argument) > 2:
            name, equals, value = argument[2:].partition("=")
            found[name] = value if equals else next(iter(arguments[number + 1 : number + 2]), "")
    return found


def _fits(config: Any, path: Sequence[str]) -> bool:
    """Whether a path leads to something, or to a new argument of a component, which checks it itself."""
    for part in path:
        if isinstance(config, dict):
            if part not in config:
                return "_target_" in config
            config = config[part]
        elif isinstance(config, list):
            if not part.isdigit() or int(part) >= len(config):
                return False
            config = config[int(part)]
        else:
            return isinstance(config, str) and config.startswith(("@", "$"))  # a reference: MONAI looks further
    return True
