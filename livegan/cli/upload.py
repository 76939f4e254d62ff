"""Command `livegan upload`, and where passwords come from. Heavy imports happen inside, as in `livegan.cli`."""

import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from livegan.cli.output import echo, show
from livegan.core.text import counted
from livegan.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from livegan.studio.upload_target import UploadTarget

PASSWORD_VARIABLE = "LIVEGAN_WEBDAV_PASSWORD"


def upload(
    folder: Annotated[Path, typer.Argument(help="A dataset, or the folder that datasets are in.")],
    target: Annotated[
        str,
        typer.Argument(metavar="TARGET", help="A folder that is synchronised, https://..., or host:folder (rsync)."),
    ],
    user: Annotated[str, typer.Option(help="Your name on the WebDAV server.")] = "",
    zipped: Annotated[bool, typer.Option("--zip", "--zip-uploads", help="One zip of each dataset.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="Only say what is there and what is not.")] = False,
) -> None:
    """Copy datasets to a synchronised folder, to ownCloud or Nextcloud (WebDAV), or by rsync.

    What is there is left out, and every file is checked when it has arrived. Originals are never changed or deleted.
    """
    from livegan.core.progress import progress_bar
    from livegan.studio.upload import Uploader, datasets_in

    datasets = datasets_in(folder)
    with opened_target(target, user) as place:
        for dataset in datasets:
            if zipped:
                _upload_zip(dataset, place, listed=listed)
                continue
            uploader = Uploader(dataset, place, wait=waited)
            status = uploader.status()
            show(str(status))
            if listed or not status.todo:
                continue
            with progress_bar("uploading", len(status.todo), "pictures") as progress:
                new = uploader.run(progress)
            show(f"{uploader.dataset}: {counted(len(status.done) + new, 'picture')} on {place.name}, {new} of them new")


@contextmanager
def opened_target(target: str, user: str) -> "Iterator[UploadTarget]":
    """The target of an upload, closed at the end."""
    from livegan.studio.upload import upload_target

    place = upload_target(target, user, password_of)
    try:
        yield place
    finally:
        place.close()


def password_of(user: str, host: str) -> str:
    """A password: of the environment, the keyring, or typed. DatasetError where there is none and nobody to ask."""
    given = os.environ.get(PASSWORD_VARIABLE)
    if given:
        return given
    kept = _keyring(user, host)
    if kept is not None:
        return kept
    if not sys.stdin.isatty():
        raise DatasetError(
            f"there is no password of {user} on {host}; set {PASSWORD_VARIABLE}, or type: keyring set {host} {user}"
        )
    from getpass import getpass

    return getpass(f"Password of {user} on {host}: ")


def _keyring(user: str, host: str) -> str | None:
    """What the system's keyring keeps for that server, if the package keyring is installed and has one."""
    with suppress(ImportError):
        import keyring
        from keyring.errors import KeyringError

        with suppress(KeyringError):
            password = keyring.get_password(host, user)
            return None if password is None else str(password)
    return None


def waited(seconds: float, error: Exception) -> bool:
    """Wait before another try; never gives up by itself."""
    from livegan.core.clock import WallClock

    clock = WallClock()
    echo(f"{error}; trying again in {seconds:.0f} s")
    clock.wait_until(clock.now() + seconds)
    return False


def _upload_zip(dataset: Path, place: "UploadTarget", *, listed: bool) -> None:
    """Upload NAME.zip unless one of that size is there."""
    from tempfile import TemporaryDirectory

    from livegan.studio.upload import retried, zip_dataset

    name = f"{dataset.resolve().name}.zip"
    with TemporaryDirectory(prefix="livegan-") as folder:
        path = Path(folder) / name
        try:
            zip_dataset(dataset, path)
        except OSError as error:
            raise DatasetError(
                f"{name} cannot be written in {folder} ({error.strerror or error}); make room there"
            ) from error
        size, there = path.stat().st_size, retried(lambda: place.sizes(""), waited).get(name)
        state = (
            "not uploaded" if there is None else "uploaded" if there == size else "partially uploaded, or an older one"
        )
        show(f"{name}: {state}")
        if listed or there == size:
            return
        retried(lambda: place.put(path, ""), waited)
        show(f"{name}: {size / 1e6:.1f} MB on {place.name}")
