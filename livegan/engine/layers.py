"""Layers of a scene: their files found and checked, and made ready to be planned. Needs no torch."""

import re
from collections.abc import Container, Mapping
from pathlib import Path

from livegan.config.scene import LayerTable, Scene
from livegan.core.layer_files import FONTS, IMAGES, VIDEOS, check_layer_file, file_inside, lacking_letters
from livegan.core.layers import DRAWN, Layer
from livegan.core.text import counted, printable
from livegan.errors import MediaError
from livegan.mapping.gate import MusicGate
from livegan.mapping.layers import PlannedLayer

ENDINGS: Mapping[str, tuple[str, ...]] = {"image": IMAGES, "logo": IMAGES, "video": VIDEOS}


def layer_mistakes(scene: Scene, folder: Path) -> list[str]:
    """One line for every mistake in a scene's [[layers]]; `folder` is the scene's own."""
    return [f"layers.{number}.{line}" for number, table in enumerate(scene.layers) for line in _mistakes(table, folder)]


def absent_layer(name: str, layers: int) -> int:
    """The layer, counted from 1, whose parameter this is, where a scene has fewer; else 0."""
    found = re.match(r"layer\.(\d+)\.", name)
    return int(found[1]) if found and int(found[1]) > layers else 0


def of_layers_there(parameters: Mapping[str, float], layers: int) -> dict[str, float]:
    """Parameters without those of layers that a scene does not have: a venue's knobs, for one, turn those of all."""
    return {name: value for name, value in parameters.items() if not absent_layer(name, layers)}


def absent_layer_mistakes(scene: Scene, known: Container[str]) -> list[str]:
    """One line for every known parameter that a scene sets or pushes of a layer that it does not have."""
    names = [(f"parameters.{name}", name) for name in scene.parameters]
    names += [(f"routes.{number}.target", route.target) for number, route in enumerate(scene.routes)]
    layers = len(scene.layers)
    has = counted(layers, "layer") if layers else "no layers"
    return [
        f"{where}: '{name}' is of layer {number}, and the scene has {has}; add [[layers]], or count them from 1"
        for where, name in names
        if name in known and (number := absent_layer(name, layers))
    ]


def _mistakes(table: LayerTable, folder: Path) -> list[str]:
    lines = []
    if table.kind in ENDINGS and not table.source:
        lines.append(
            f'source: {_a(table.kind)} needs a file beside the scene, e.g. source = "mine{ENDINGS[table.kind][0]}"'
        )
    if table.kind not in ENDINGS and table.source:
        lines.append(f"source: {_a(table.kind)} has no file; leave it out")
    if table.kind == "text" and not table.text.strip():
        lines.append('text: a text says something, e.g. text = "LIVEGAN"')
    if table.kind != "text" and (table.text or table.font):
        lines.append(f'text: {_a(table.kind)} has no text and no font; write kind = "text"')
    if table.kind in DRAWN and (table.fit or table.key or table.mask or table.box):
        lines.append(
            f"kind: {_a(table.kind)} has no fit, key, mask or box; they are for images, logos, videos and texts"
        )
    if table.box is not None and not (table.box[0] < table.box[2] and table.box[1] < table.box[3]):
        lines.append(
            "box: it is [left, top, right, bottom], left of right and top above bottom; e.g. [0.2, 0.2, 0.8, 0.8]"
        )
    files = [
        ("source", table.source, ENDINGS.get(table.kind, ())),
        ("mask", table.mask, IMAGES),
        ("font", table.font, FONTS),
    ]
    for key, name, endings in files:
        if name and endings:
            try:
                check_layer_file(file_inside(folder, name), endings)
            except MediaError as error:
                lines.append(f"{key}: {error}")
    return lines


def planned_layers(scene: Scene, folder: Path) -> list[tuple[PlannedLayer, str]]:
    """Each layer of a checked scene, and the feature of its gate, "" where it has none."""
    return [
        (_planned(number, table, folder, scene.seed), table.gate_from) for number, table in enumerate(scene.layers, 1)
    ]


def _planned(number: int, table: LayerTable, folder: Path, seed: int) -> PlannedLayer:
    texts = {"text": table.text, "fit": table.fit, "key": table.key, "seed": str(seed) if table.kind in DRAWN else ""}
    files = {"source": table.source, "mask": table.mask, "font": table.font}
    options = {key: value for key, value in texts.items() if value}
    options |= {key: str(file_inside(folder, name)) for key, name in files.items() if name}
    values = {}
    if table.box is not None:
        values = dict(zip(("left", "top", "right", "bottom"), table.box, strict=True)) | {"feather": table.feather}
    blend = table.blend or ("add" if table.kind in DRAWN else "over")
    layer = Layer(table.kind, blend, 1.0, values, options, table.after_effects)
    return PlannedLayer(number, layer, MusicGate(table.gate, table.gate_on) if table.gate_from else None)


def boxed_letters(name: str, scene: Scene, folder: Path) -> list[str]:
    """A line for each text of a checked scene with letters that its font, or none here, has: boxes will be drawn."""
    lines = []
    for number, table in enumerate(scene.layers, 1):
        font = file_inside(folder, table.font) if table.font else None
        if table.kind == "text" and (letters := lacking_letters(font, table.text)):
            has = f"{printable(table.font)} has no" if font else "no font that was found has"
            lines.append(
                f"Scene '{name}', layer {number}: {has} {printable(' '.join(letters))}, so boxes will be drawn; "
                'put a font that has beside the scene: font = "NAME.ttf"'
            )
    return lines


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
