"""Idle inhibition by the desktop's screen saver, over the D-Bus of the session (org.freedesktop.ScreenSaver)."""

import os
from pathlib import Path

from livegan.core.idle_inhibit import REASON, Inhibitor, Release, inhibitors

SERVICE, PATH = "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"
OURS = "livegan-awake"  # name of the connection: the inhibition ends with it
ANSWER_MS = 1000


def window_inhibitors() -> list[Inhibitor]:
    """Every inhibitor for a show in a window; Qt's application must exist."""
    return [*inhibitors(), Inhibitor("desktop", hold_desktop)]


def hold_desktop() -> Release | None:
    """By GNOME, KDE and others; None where no such desktop runs."""
    if not _has_bus():
        return None
    try:
        from PyQt5.QtDBus import QDBus, QDBusConnection, QDBusMessage
    except ImportError:  # a Qt that was built without it
        return None
    bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, OURS)
    call = QDBusMessage.createMethodCall(SERVICE, PATH, SERVICE, "Inhibit")
    call.setArguments(["livegan", REASON])
    answered = (
        bus.isConnected()
        and bus.call(call, QDBus.CallMode.Block, ANSWER_MS).type() == QDBusMessage.MessageType.ReplyMessage
    )
    if answered:
        return lambda: QDBusConnection.disconnectFromBus(OURS)
    QDBusConnection.disconnectFromBus(OURS)
    return None


def _has_bus() -> bool:
    """Whether there is a session bus: Qt would start one otherwise."""
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    return bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS")) or (bool(folder) and (Path(folder) / "bus").exists())
