"""Gradio page of the studio: six tabs, each a form that queues jobs; their progress and results are drawn by studio.js.

Built once in each language. No path that a browser sends is believed: songs and pictures are those this session has
uploaded, results those of its own jobs.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI

from livegan.audio.demo import demo_track
from livegan.audio.soundfont import find_soundfont
from livegan.composer.styles import STYLES
from livegan.config.load import load_scenes, scenes_in_order
from livegan.config.stills import stills_of
from livegan.errors import DeviceError, LiveganError, StudioError
from livegan.networks.library import list_networks
from livegan.networks.model_files import models_here
from livegan.web.studio import orders
from livegan.web.studio.guard import MAX_PICTURES, SESSION_COOKIE, session_of
from livegan.web.studio.head import PageHead
from livegan.web.studio.jobs import JobQueue
from livegan.web.studio.orders import Order
from livegan.web.studio.own_networks import network_of, own_networks
from livegan.web.studio.routes import routes, script_head
from livegan.web.studio.texts import LANGUAGES, texts
from livegan.web.studio.work_folder import safe_name

KEYS = tuple(f"{tonic}{mode}" for tonic in ("C", "D", "Eb", "E", "F", "G", "A", "Bb", "B") for mode in ("", "m"))
STYLEGAN = "stylegan"  # networks with w are of kinds that begin so
MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$&:])")  # of Markdown
Inputs = dict[str, Path]
MakeOrder = Callable[..., tuple[Order, Inputs]]


def application(queue: JobQueue, max_upload_bytes: int) -> FastAPI:
    """The whole application but for its guard, whose `has_uploaded` is to be set in its state."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    choices = Choices()
    app.router.routes.extend(routes(queue, choices.scenes))
    heads = {}
    for language in LANGUAGES:
        words = texts(language)
        heads[f"/{language}/"] = script_head(language, words) + choices.style()
        blocks = StudioPage(app, queue, words, choices).build()
        app = gr.mount_gradio_app(
            app,
            blocks,
            path=f"/{language}",
            footer_links=[],
            show_error=False,
            max_file_size=max_upload_bytes,
            ssr_mode=False,
            pwa=False,
            enable_monitoring=False,
            theme=gr.themes.Base(
                primary_hue="amber",
                neutral_hue="zinc",
                font=["system-ui", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "sans-serif"],
                font_mono=["ui-monospace", "monospace"],
                radius_size="lg",
            ),
        )
    app.add_middleware(PageHead, heads=heads)
    return app


class Choices:
    """What there is to choose from on this machine."""

    def __init__(self) -> None:
        loaded = load_scenes(scenes_in_order())
        usable = [each for each in loaded if each.scene is not None and not each.mistakes]
        self.scenes = {each.name: each.scene.title for each in usable if each.scene and not _needs_camera(each.scene)}
        self.networks = sorted(
            (info.name for info in list_networks() if info.kind.startswith(STYLEGAN)),
            key=lambda name: name != "house-256",
        )
        self.models = _models()
        try:
            find_soundfont()
            self.has_sound = True
        except DeviceError:
            self.has_sound = False

    def style(self) -> str:
        """Stills of the scenes, behind their names."""
        rules = (
            f'.lg-scenes label:has(input[value="{name}"]){{--still:url(/stills/{name}.jpg)}}'
            for name in stills_of(self.scenes)
        )
        return f"<style>{''.join(rules)}</style>"


def _models() -> list[str]:
    """What can dream here; "auto" alone means that there is nothing to choose."""
    if not models_here("clip"):
        return ["auto"]
    return [name for name in orders.MODELS if name != "vqgan" or models_here("vqgan")]


def _needs_camera(scene: Any) -> bool:
    motions = scene.motion if isinstance(scene.motion, list | tuple) else [scene.motion]
    return any(getattr(motion, "model", "") == "camera" for motion in motions)


class StudioPage:
    """The page in one language."""

    def __init__(self, app: FastAPI, queue: JobQueue, words: Mapping[str, str], choices: Choices) -> None:
        self._app, self._queue, self._words, self._choices = app, queue, words, choices
        self._network: gr.Dropdown | None = None  # of the tab that is being built
        self._stills: list[str] = []  # networks of that tab which draw pictures alone
        self._songs: list[gr.File] = []

    def build(self) -> gr.Blocks:
        """All tabs."""
        words = self._words
        tabs: dict[str, Callable[[], None]] = {
            "film": self._film,
            "picture": self._picture,
            "dream": self._dream,
            "project": self._project,
            "train": self._train,
            "compose": self._compose,
        }
        with gr.Blocks(title=words["title"], analytics_enabled=False, fill_width=True) as blocks, gr.Tabs():
            for kind, fill in tabs.items():
                self._network, self._stills = None, []
                with (
                    gr.Tab(words[kind], id=kind, render_children=True) as tab,
                    gr.Row(elem_classes="lg-columns"),
                ):
                    with gr.Column(scale=2, min_width=320, elem_classes="lg-form"):
                        gr.Markdown(words[f"{kind}.about"], elem_classes="lg-about")
                        fill()
                    with gr.Column(scale=3, min_width=320, elem_id=f"stage-{kind}"):
                        gr.Markdown("")  # studio.js fills the column
                if self._network is not None:
                    self._offer_networks(tab, self._network, tuple(self._stills))
            self._share_songs()
        assert isinstance(blocks, gr.Blocks)
        return blocks

    # --- the forms

    def _film(self) -> None:
        words, choices = self._words, self._choices
        song = self._file("song", "song.hint", song=True)
        go, demo, note = self._button("film.go"), self._demo(), self._note()
        titles = [(title, name) for name, title in choices.scenes.items()]
        scene = gr.Radio(titles, value=titles[0][1], label=words["scene"], elem_classes="lg-scenes")
        with gr.Accordion(words["more"], open=False, elem_id="film-more"):
            length = gr.Radio(self._lengths(), value=0, label=words["length"])
            size = gr.Radio(list(orders.SIZES), value="1280x720", label=words["size"])
            fps = gr.Radio(list(orders.RATES), value=30, label=words["fps"])

        def order(path: str | None, *values: Any, session: str, use_demo: bool = False) -> tuple[Order, Inputs]:
            inputs = self._song(session, path, use_demo)
            name, (look, side, seconds, rate) = next(iter(inputs), ""), values
            return orders.film(name, look, choices.scenes, side, seconds, rate), inputs

        values = [song, scene, size, length, fps]
        self._on(go, order, values, note)
        self._on(demo, partial(order, use_demo=True), values, note)

    def _picture(self) -> None:
        words = self._words
        song = self._file("song", "song.hint", song=True)
        text = gr.Textbox(label=words["text"], placeholder=words["text.hint"], lines=2, max_length=orders.LONGEST_TEXT)
        go, demo, note = self._button("picture.go"), self._demo(), self._note()
        with gr.Accordion(words["more"], open=False):
            size = gr.Radio(list(orders.PICTURE_SIZES), value="896x512", label=words["size"])
            steps = gr.Slider(10, 300, 80, step=10, label=words["iterations"], info=words["iterations.hint"])
            dreaming = self._dreaming(orders.MOTIFS)

        def order(path: str | None, *values: Any, session: str, use_demo: bool = False) -> tuple[Order, Inputs]:
            said, side, iterations, *rest = values
            return self._dreamt(
                orders.picture, session, self._song(session, path, use_demo), said, (side, iterations), rest
            )

        inputs = [song, text, size, steps, *dreaming]
        self._on(go, order, inputs, note)
        self._on(demo, partial(order, use_demo=True), inputs, note)

    def _dream(self) -> None:
        words = self._words
        song = self._file("song", "song.needed", song=True)
        text = gr.Textbox(
            label=words["text.more"], placeholder=words["text.hint"], lines=2, max_length=orders.LONGEST_TEXT
        )
        go, demo, note = self._button("dream.go"), self._demo(), self._note()
        with gr.Accordion(words["more"], open=False):
            lyrics = gr.File(label=words["lyrics"], type="filepath", file_types=list(orders.LYRICS), height=150)
            cuts = [(words[f"segments.{name}"], name) for name in orders.SEGMENTS]
            segments = gr.Radio(cuts, value="sections", label=words["segments"])
            zoom = gr.Slider(0.95, 1.1, 1.0, step=0.005, label=words["zoom"])
            length = gr.Radio(self._lengths(), value=0, label=words["length"])
            size = gr.Radio(list(orders.PICTURE_SIZES), value="448x256", label=words["size"])
            fps = gr.Radio(list(orders.RATES), value=24, label=words["fps"])
            dreaming = self._dreaming()

        def order(path: str | None, *values: Any, session: str, use_demo: bool = False) -> tuple[Order, Inputs]:
            said, sung, *own = values
            lines = self._taken(session, sung)
            own, rest = own[:5], own[5:]
            songs, line = self._song(session, path, use_demo), next(iter(lines), "")
            made, inputs = self._dreamt(orders.dream_film, session, songs, said, (line, *own), rest)
            return made, inputs | lines

        inputs = [song, text, lyrics, size, length, fps, segments, zoom, *dreaming]
        self._on(go, order, inputs, note)
        self._on(demo, partial(order, use_demo=True), inputs, note)

    def _project(self) -> None:
        words = self._words
        source = self._file("source", None)
        go, note = self._button("project.go"), self._note()
        with gr.Accordion(words["more"], open=False):
            network = self._network_choice()
            plus = gr.Checkbox(True, label=words["plus"])
            steps = gr.Slider(20, 1000, 200, step=10, label=words["iterations"], info=words["iterations.hint"])

        def order(path: str | None, *values: Any, session: str) -> tuple[Order, Inputs]:
            inputs, (chosen, near, most) = self._taken(session, path), values
            network, files = network_of(self._queue, session, chosen, self._choices.networks)
            return orders.projection(next(iter(inputs), ""), network, near, most), inputs | files

        self._on(go, order, [source, network, plus, steps], note)

    def _train(self) -> None:
        words = self._words
        pictures = gr.File(label=words["pictures"], type="filepath", file_count="multiple", height=180)
        gr.Markdown(words["pictures.hint"], elem_classes="lg-hint")
        go, note = self._button("train.go"), self._note()
        with gr.Accordion(words["more"], open=False):
            side = gr.Radio(list(orders.TRAIN_SIDES), value=64, label=words["side"])
            kimg = gr.Slider(1, 2500, 20, step=1, label=words["kimg"])

        def order(paths: list[str] | None, *values: Any, session: str) -> tuple[Order, Inputs]:
            if len(paths or []) > MAX_PICTURES:
                raise StudioError(f"{len(paths or [])} pictures are too many at a time; {MAX_PICTURES} at most")
            inputs: Inputs = {}
            for number, path in enumerate(paths or []):
                for name, taken in self._taken(session, path).items():
                    inputs[name if name not in inputs else f"{number} {name}"] = taken
            return orders.training(list(inputs), *values), inputs

        self._on(go, order, [pictures, side, kimg], note)

    def _compose(self) -> None:
        words, has_sound = self._words, self._choices.has_sound
        named = [(words.get(f"style.{name}", name.replace("-", " ").capitalize()), name) for name in STYLES]
        style = gr.Radio(named, value="piano", label=words["style"])
        go, note = self._button("compose.go"), self._note()
        if not has_sound:
            gr.Markdown(words["no-sound"], elem_classes="lg-hint")
        with gr.Accordion(words["more"], open=False):
            bars = gr.Slider(4, 128, 16, step=4, label=words["bars"])
            key = gr.Dropdown([(words["key.any"], ""), *KEYS], value="", label=words["key"])
            seed = self._seed()
            courage = gr.Slider(0, 2, 0.9, step=0.05, label=words["temperature"], info=words["temperature.hint"])

        def order(*values: Any, session: str) -> tuple[Order, Inputs]:
            kind, length, tonic, number, wild = values
            styles = list(STYLES)
            return orders.composition(kind, styles, length, tonic, KEYS, number, wild, has_sound), {}

        self._on(go, order, [style, bars, key, seed, courage], note)

    # --- parts of forms

    def _file(self, label: str, hint: str | None, *, song: bool = False) -> gr.File:
        shown = self._words[label] + (f" ({self._words[hint]})" if hint else "")
        file = gr.File(label=shown, type="filepath", height=150, elem_classes="lg-drop")
        if song:
            self._songs.append(file)
        return file

    def _share_songs(self) -> None:
        """A song that is uploaded in one tab is there in all of them."""

        def share(file: Any) -> list[Any]:
            return [file] * (len(self._songs) - 1)

        for song in self._songs:
            others = [other for other in self._songs if other is not song]
            song.upload(
                share, song, others, preprocess=False, postprocess=False,
                api_visibility="private", show_progress="hidden", queue=False,
            )  # fmt: skip

    def _demo(self) -> gr.Button:
        return gr.Button(self._words["demo"], variant="secondary", elem_classes="lg-demo")

    def _button(self, text: str) -> gr.Button:
        return gr.Button(self._words[text], variant="primary", size="lg", elem_classes="lg-go")

    @staticmethod
    def _note() -> gr.Markdown:
        return gr.Markdown("", elem_classes="lg-wrong")

    def _seed(self) -> gr.Textbox:
        """Text, since Gradio's numbers are 0 where there is none."""
        words = self._words
        return gr.Textbox("", label=words["seed"], info=words["seed.hint"], max_length=orders.LONGEST_SEED)

    def _lengths(self) -> list[tuple[str, int]]:
        some = [(self._words["length.s"].format(seconds), seconds) for seconds in orders.LENGTHS_S if seconds]
        return [(self._words["length.0"], 0), *some]

    def _dreaming(self, *stills: str) -> list[Any]:
        """Seed, picture to resemble, how much, model, network: what both kinds of dream are asked."""
        words, models = self._words, self._choices.models
        return [
            self._seed(),
            gr.File(label=words["towards"], type="filepath", height=150),
            gr.Slider(0, 8, 1, step=0.1, label=words["rate"]),
            gr.Radio(models, value="auto", label=words["model"], info=words["model.hint"], visible=len(models) > 1),
            self._network_choice(*stills),
        ]

    def _network_choice(self, *stills: str) -> gr.Dropdown:
        """What draws, with `stills` first, which are for pictures alone."""
        self._stills = list(stills)
        names = self._offered(stills)
        self._network = gr.Dropdown(
            names, value=names[0][1], label=self._words["network"], info=self._words["network.hint"]
        )
        return self._network

    def _offered(self, stills: Sequence[str], own: Sequence[tuple[str, str]] = ()) -> list[tuple[str, str]]:
        named = [(self._words[f"network.{name}"], name) for name in stills]
        return [*named, *own, *((name, name) for name in self._choices.networks)]

    def _offer_networks(self, tab: gr.Tab, choice: gr.Dropdown, stills: Sequence[str]) -> None:
        """Whenever the tab is opened, offer the networks of this machine and those that its session has trained."""

        async def offered(request: gr.Request) -> gr.Dropdown:  # Gradio reads annotations of functions, not of partials
            session = session_of(request.cookies.get(SESSION_COOKIE, ""))
            return gr.Dropdown(choices=self._offered(stills, own_networks(self._queue.of(session))))

        tab.select(offered, None, choice, api_visibility="private", show_progress="hidden")

    # --- from a form to the queue

    def _dreamt(
        self,
        make: Callable[..., Order],
        session: str,
        songs: Inputs,
        said: str,
        own: tuple[Any, ...],
        rest: list[Any],
    ) -> tuple[Order, Inputs]:
        """The order of a dream: its song and words, `own` values, and those of `_dreaming`."""
        seed, like, rate, model, chosen = rest
        known = [*self._choices.networks, *((orders.MOTIFS,) if make is orders.picture else ())]
        network, files = network_of(self._queue, session, chosen, known)
        pictures = self._taken(session, like)
        names = next(iter(songs), ""), next(iter(pictures), "")
        order = make(names[0], said or "", *own, seed, names[1], rate, model, network)
        return order, songs | pictures | files

    def _song(self, session: str, path: str | None, use_demo: bool) -> Inputs:
        return {"demo.ogg": demo_track()} if use_demo else self._taken(session, path)

    def _taken(self, session: str, path: str | None) -> Inputs:
        """An uploaded file under its name; none if there is none. StudioError if this session has not uploaded it."""
        if not path:
            return {}
        if not self._app.state.has_uploaded(session, str(path)) or not Path(path).is_file():
            raise StudioError("this file is gone; choose it again")
        return {safe_name(Path(path).name): Path(path)}

    def _on(self, button: gr.Button, order: MakeOrder, inputs: list[Any], note: gr.Markdown) -> None:
        """A click queues the order that the form makes, or says why not."""

        async def submit(request: gr.Request, *values: Any) -> str:
            session = session_of(request.cookies.get(SESSION_COOKIE, ""))
            try:
                if not session:
                    raise StudioError("reload the page, and allow its cookie")
                made, files = order(*values, session=session)
                self._queue.submit(session, made, files)
            except LiveganError as error:
                said = self._words.get(f"error.{error}", str(error))
                return MARKS.sub(r"\\\1", self._words["wrong"].format(said))
            return ""

        button.click(submit, inputs, note, api_visibility="private", show_progress="hidden", concurrency_limit=None)
