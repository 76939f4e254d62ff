"""`livegan dream vqgan`: VQGAN-CLIP's generate.py, by its own flags. Heavy imports happen inside."""

from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from livegan.cli.options import Overwrite
from livegan.cli.output import echo
from livegan.core.progress import progress_bar, show_picture
from livegan.core.signals import end_at_once

SEVERAL = {  # flags that take all the words up to the next flag
    "-nps": "-nps",
    "--noise_prompt_seeds": "-nps",
    "-npw": "-npw",
    "--noise_prompt_weights": "-npw",
    "-aug": "-aug",
    "--augments": "-aug",
}


class VqganCommand(typer.core.TyperCommand):
    """Command whose flags may be followed by several words, and may have hyphens for underscores."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Write "-aug Af Pe" as "-aug Af -aug Pe"."""
        return super().parse_args(ctx, repeated(args))


def repeated(args: list[str]) -> list[str]:
    """What was typed, with a flag before each of the words that follow one of SEVERAL."""
    written: list[str] = []
    flag = ""
    for word in args:
        name, equals, value = word.partition("=")
        is_flag = word.startswith("-") and not word[1:].replace(".", "", 1).isdigit() and len(word) > 1
        if is_flag and name.startswith("--"):
            name = f"--{name[2:].replace('-', '_')}"
            word = name + equals + value
        if is_flag:
            flag = SEVERAL.get(name, "") if not equals else ""
            if not flag:
                written.append(word)
            continue
        if flag:
            written.append(flag)
        sides = word.lower().split("x")
        if written and written[-1] in ("-s", "--size") and len(sides) == 2:
            written += sides  # "--size 640x480", as livegan's other commands have it
        else:
            written.append(word)
    return written


def vqgan(
    prompts: Annotated[
        str, typer.Option("-p", "--prompts", "--text", help="'words:weight:stop | more ^ the next phrase of a story'.")
    ] = "",
    image_prompts: Annotated[
        str, typer.Option("-ip", "--image_prompts", help="Pictures to be like, 'photo.jpg:weight:stop | other.png'.")
    ] = "",
    iterations: Annotated[int, typer.Option("-i", "--iterations", help="Steps.")] = 500,
    save_every: Annotated[
        int, typer.Option("-se", "--save_every", help="Steps from one check-in picture to the next; 0: none.")
    ] = 50,
    size: Annotated[
        tuple[int, int], typer.Option("-s", "--size", help="Width and height [px]; else 512, or 256 on a CPU.")
    ] = (0, 0),
    init_image: Annotated[Path | None, typer.Option("-ii", "--init_image", help="The picture to begin with.")] = None,
    init_noise: Annotated[
        str, typer.Option("-in", "--init_noise", help="Begin with: pixels or gradient; else with random codes.")
    ] = "",
    init_weight: Annotated[
        float, typer.Option("-iw", "--init_weight", help="Pull towards plain codes at first.")
    ] = 0.0,
    clip_model: Annotated[str, typer.Option("-m", "--clip_model", help="A CLIP: its name or file.")] = "",
    vqgan_config: Annotated[
        str, typer.Option("-conf", "--vqgan_config", help="Not needed: the checkpoint says it all.")
    ] = "",
    vqgan_checkpoint: Annotated[
        str, typer.Option("-ckpt", "--vqgan_checkpoint", help="A VQGAN: its name or file.")
    ] = "",
    noise_prompt_seeds: Annotated[
        list[int] | None, typer.Option("-nps", "--noise_prompt_seeds", help="Random prompts, a seed each.")
    ] = None,
    noise_prompt_weights: Annotated[
        list[float] | None, typer.Option("-npw", "--noise_prompt_weights", help="Their weights; else 1.")
    ] = None,
    step_size: Annotated[float, typer.Option("-lr", "--learning_rate", "--lr", help="Learning rate.")] = 0.1,
    cut_method: Annotated[
        str, typer.Option("-cutm", "--cut_method", help="latest, original, updated, nrupdated or updatedpooling.")
    ] = "latest",
    num_cuts: Annotated[int, typer.Option("-cuts", "--num_cuts", help="Views of the picture in each step.")] = 32,
    cut_power: Annotated[
        float, typer.Option("-cutp", "--cut_power", help="Above 1 smaller squares, below 1 larger ones.")
    ] = 1.0,
    seed: Annotated[int | None, typer.Option("-sd", "--seed", min=0, max=2**31 - 1, help="Else a random one.")] = None,
    optimiser: Annotated[
        str,
        typer.Option(
            "-opt",
            "--optimiser",
            help="Adam, AdamW, Adagrad, Adamax, DiffGrad, AdamP, RAdam or RMSprop.",
        ),
    ] = "Adam",
    output: Annotated[Path, typer.Option("-o", "--output", help="The picture; a film is called alike.")] = Path(
        "output.png"
    ),
    make_video: Annotated[bool, typer.Option("-vid", "--video", help="A film of every step.")] = False,
    make_zoom_video: Annotated[bool, typer.Option("-zvid", "--zoom_video", help="A film that zooms.")] = False,
    zoom_start: Annotated[int, typer.Option("-zs", "--zoom_start", help="First step that zooms.")] = 0,
    zoom_frequency: Annotated[
        int, typer.Option("-zse", "--zoom_save_every", help="Steps from one zoom to the next.")
    ] = 10,
    zoom_scale: Annotated[float, typer.Option("-zsc", "--zoom_scale", help="Above 1 into the picture.")] = 0.99,
    zoom_shift_x: Annotated[int, typer.Option("-zsx", "--zoom_shift_x", help="To the right with each zoom [px].")] = 0,
    zoom_shift_y: Annotated[int, typer.Option("-zsy", "--zoom_shift_y", help="Down with each zoom [px].")] = 0,
    prompt_frequency: Annotated[
        int, typer.Option("-cpe", "--change_prompt_every", help="Steps of each phrase of a story; 0: the first only.")
    ] = 0,
    video_length: Annotated[float, typer.Option("-vl", "--video_length", help="Of the film [s].")] = 10.0,
    output_video_fps: Annotated[
        float, typer.Option("-ofps", "--output_video_fps", help="Above 9: draw frames in between, up to this rate.")
    ] = 0.0,
    input_video_fps: Annotated[
        float, typer.Option("-ifps", "--input_video_fps", help="With -ofps: steps a second.")
    ] = 15.0,
    cudnn_determinism: Annotated[
        bool, typer.Option("-d", "--deterministic", help="The same picture again on a GPU, slower.")
    ] = False,
    augments: Annotated[
        list[str] | None, typer.Option("-aug", "--augments", help="Any of Ji Sh Gn Pe Ro Af Et Ts Cr Er Re, in order.")
    ] = None,
    video_style_dir: Annotated[
        Path | None, typer.Option("-vsd", "--video_style_dir", help="A folder of frames, each of which is made anew.")
    ] = None,
    cuda_device: Annotated[str, typer.Option("-cd", "--cuda_device", "--device", help="cuda:0, cpu ...")] = "",
    audio_prompt: Annotated[Path | None, typer.Option("-ap", "--audio_prompt", help="A song (Wav2CLIP).")] = None,
    transfer_image: Annotated[
        Path | None, typer.Option("--transimg", "--towards", help="A picture that yours grows like.")
    ] = None,
    transfer_rate: Annotated[
        float, typer.Option("--transrate", "--transfer_rate", help="How much like it; MetaMusic's 0..8.")
    ] = 1.0,
    overwrite: Overwrite = False,
) -> None:
    """VQGAN-CLIP, by its own flags: pictures and films from words, pictures and sounds. Ctrl-C keeps what there is.

    It needs a VQGAN and a CLIP, files that you add once: `livegan networks add FILE`.
    """
    with end_at_once():  # PyTorch takes seconds to load
        from contextlib import closing
        from functools import partial

        import numpy as np

        from livegan.studio.dream.vqgan_options import DEFAULT_AUGMENTS, VqganOptions
        from livegan.studio.dream.vqgan_run import vqgan_run

    options = VqganOptions(
        prompts=prompts,
        image_prompts=image_prompts,
        iterations=iterations,
        save_every=save_every,
        size=size if any(size) else None,
        init_image=init_image,
        init_noise=init_noise,
        init_weight=init_weight,
        clip_model=clip_model,
        vqgan_config=vqgan_config,
        vqgan_checkpoint=vqgan_checkpoint,
        noise_prompt_seeds=tuple(noise_prompt_seeds or ()),
        noise_prompt_weights=tuple(noise_prompt_weights or ()),
        step_size=step_size,
        cut_method=cut_method,
        num_cuts=num_cuts,
        cut_power=cut_power,
        seed=seed,
        optimiser=optimiser,
        output=output,
        make_video=make_video,
        make_zoom_video=make_zoom_video,
        zoom_start=zoom_start,
        zoom_frequency=zoom_frequency,
        zoom_scale=zoom_scale,
        zoom_shift_x=zoom_shift_x,
        zoom_shift_y=zoom_shift_y,
        prompt_frequency=prompt_frequency,
        video_length=video_length,
        output_video_fps=output_video_fps,
        input_video_fps=input_video_fps,
        cudnn_determinism=cudnn_determinism,
        augments=DEFAULT_AUGMENTS if augments is None else tuple(augments),
        video_style_dir=video_style_dir,
        cuda_device=cuda_device,
        audio_prompt=audio_prompt,
        transfer_image=transfer_image,
        transfer_rate=transfer_rate,
    )
    done, last = 0, None
    with closing(vqgan_run(options, overwrite)) as dream:
        try:
            first = next(dream)
            with progress_bar(output.name, first.total, "steps") as show:
                for last in dream:
                    done = last.done
                    if (pixels := last.picture) is not None:
                        show_picture(partial(np.asarray, pixels))
                    show(done)
        except KeyboardInterrupt:
            dream.close()
            if not done:
                raise
            echo(f"{output}: after {done} of {first.total} steps")
            return
    if last is not None:
        echo(f"{last.path} ({last.text})")
