"""Texts of the studio page, in English and Chinese: one table. Keys with `js.` are used by the page's own script."""

LANGUAGES = ("en", "zh")

TEXTS: dict[str, tuple[str, str]] = {
    "title": ("livegan studio", "livegan 工作室"),
    "js.about": ("Give it a song, get a film.", "给它一首歌，还你一部影片。"),
    "js.other": ("中文", "English"),
    "js.title": ("livegan studio", "livegan 工作室"),
    # tabs
    "film": ("Film", "影片"),
    "picture": ("Picture", "图画"),
    "dream": ("Dream film", "梦境影片"),
    "project": ("Project", "投影"),
    "train": ("Train", "训练"),
    "compose": ("Compose", "作曲"),
    "film.about": (
        "A film of your song: press the button. Choose another look below, if you like.",
        "为你的歌制作影片：按下按钮即可；也可以在下面换一种画风。",
    ),
    "picture.about": ("One picture of what a song or your words mean.", "把一首歌或几句话的意境画成一幅画。"),
    "dream.about": (
        "A film that dreams what your song means, moment by moment. It takes longer than Film.",
        "随着你的歌曲的每一刻，梦出它的意境。比“影片”慢一些。",
    ),
    "project.about": (
        "Your picture or film, found again inside a network: it can then be played like any other.",
        "在网络中找到最像你的图片或影片的画面，之后就能像其他画面一样随音乐演出。",
    ),
    "train.about": (
        "Teach a network your pictures. It learns while you do something else; what it has learnt is kept.",
        "让网络学习你的图片。它学的时候你可以做别的事，学到的都会保存。",
    ),
    "compose.about": (
        "New music for four voices, and the film of it if you like.",
        "创作新的四声部音乐，还可以为它制作影片。",
    ),
    # forms
    "song": ("Your song", "你的歌曲"),
    "song.hint": ("wav, mp3, flac, m4a, ogg, mid …", "wav、mp3、flac、m4a、ogg、mid 等"),
    "song.needed": ("needed: wav, mp3, flac, m4a, ogg, mid …", "必需：wav、mp3、flac、m4a、ogg、mid 等"),
    "demo": ("Try it with the demo song", "用示例歌曲试试"),
    "scene": ("Look", "画风"),
    "more": ("More settings", "更多设置"),
    "size": ("Size", "尺寸"),
    "length": ("Length", "时长"),
    "length.0": ("the whole song", "整首歌"),
    "length.s": ("the first {} seconds", "前 {} 秒"),
    "fps": ("Pictures a second", "每秒帧数"),
    "film.go": ("Make the film", "制作影片"),
    "text": ("In words", "用文字描述"),
    "text.more": ("In words, if you like", "用文字描述（可不填）"),
    "text.hint": ("slow violet smoke over black", "例如：缓慢的紫色烟雾，黑色背景"),
    "picture.go": ("Make the picture", "画出来"),
    "iterations": ("Steps", "步数"),
    "iterations.hint": ("More steps: nearer to what is asked, and slower.", "步数越多越贴近要求，也越慢。"),
    "seed": ("Seed", "随机种子"),
    "seed.hint": (
        "Empty: always another result. The same number: the same result.",
        "留空则每次不同；数字相同，结果也相同。",
    ),
    "towards": ("A picture that it should resemble", "希望它像哪张图片"),
    "rate": ("How much", "相似程度"),
    "model": ("Model", "模型"),
    "model.hint": ("auto takes the best one that is here.", "auto 会选用已有的最好的模型。"),
    "network": ("Network", "网络"),
    "network.patterns": ("patterns (sharp)", "patterns（清晰）"),
    "network.hint": ("Those that you train here are in it too.", "你在这里训练的网络也在其中。"),
    "lyrics": ("Lyrics with times (.lrc, .srt, .csv)", "带时间的歌词（.lrc、.srt、.csv）"),
    "segments": ("A new dream with every", "何时换新的梦"),
    "segments.sections": ("section of the song", "歌曲的每个段落"),
    "segments.beats": ("few beats", "每隔几拍"),
    "segments.original": ("second beat, as MetaMusic does", "每两拍（与 MetaMusic 相同）"),
    "zoom": ("Zoom into the picture", "画面推进"),
    "dream.go": ("Dream the film", "开始做梦"),
    "source": ("Your picture or film", "你的图片或影片"),
    "plus": ("Nearer to the picture (w+)", "更像原图（w+）"),
    "project.go": ("Find it in the network", "在网络中寻找"),
    "pictures": ("Your pictures, or one film", "你的图片，或一部影片"),
    "pictures.hint": (
        "Some hundred pictures, at most 1000; without a GPU it takes hours. Without any, it learns house patterns.",
        "最好有几百张，最多 1000 张；没有 GPU 要几个小时。不上传则学习自带的图案。",
    ),
    "side": ("Side of the pictures [px]", "图片边长（像素）"),
    "kimg": ("Thousands of pictures to look at", "学习多少千张"),
    "train.go": ("Train", "开始训练"),
    "style": ("Style", "风格"),
    "bars": ("Bars", "小节数"),
    "key": ("Key", "调"),
    "key.any": ("as it likes", "随意"),
    "temperature": ("Courage", "大胆程度"),
    "temperature.hint": ("0: sober; 1: as it has learnt; 1.5: wild.", "0：稳重；1：如其所学；1.5：狂放。"),
    "compose.go": ("Compose", "作曲"),
    "no-sound": (
        "There is no SoundFont here, so the music comes as MIDI alone. For its sound: "
        "sudo apt-get install libfluidsynth3 timgm6mb-soundfont",
        "这里没有 SoundFont，所以只能得到 MIDI。要听到声音，请运行："
        "sudo apt-get install libfluidsynth3 timgm6mb-soundfont",
    ),
    "wrong": ("It did not begin: {}", "没有开始：{}"),
    "error.give it a song": ("give it a song first, or try the demo song", "请先给它一首歌，或用示例歌曲试试"),
    "error.give it a song, or words, or both": ("give it a song, or words, or both", "请给它一首歌或几句话"),
    "error.give it a picture or a film": ("give it a picture or a film", "请先给它一张图片或一部影片"),
    "error.this file is gone; choose it again": (
        "this file is gone; choose it again", "这个文件已经不在了，请重新选择",
    ),
    # styles of music
    "style.chorale": ("Chorale, wind band", "众赞歌（管乐）"),
    "style.organ": ("Church organ", "教堂管风琴"),
    "style.choir": ("Choir", "合唱"),
    "style.strings": ("String orchestra", "弦乐队"),
    "style.brass": ("Brass from a tower", "铜管"),
    "style.piano": ("Piano", "钢琴"),
    "style.harpsichord": ("Harpsichord", "羽管键琴"),
    "style.guitar": ("Guitar", "吉他"),
    "style.music-box": ("Music box", "八音盒"),
    "style.marimba": ("Marimba", "马林巴"),
    "style.synth": ("Synthesizer", "合成器"),
    # the script
    "js.waiting": ("Waiting: number {} in the queue", "排队中：第 {} 位"),
    "js.begins": ("It begins …", "正在开始……"),
    "js.stopping": ("Stopping; what is there is kept …", "正在停止，已完成的部分会保留……"),
    "js.left": ("{} left", "还需 {}"),
    "js.done": ("Done, in {}", "完成，用时 {}"),
    "js.stopped": ("Stopped. What was made until then is kept.", "已停止，已完成的部分保留了下来。"),
    "js.stopped-none": ("Stopped before there was anything to keep.", "已停止，还没有可保留的内容。"),
    "js.unheard": (
        "This is not a sound file that livegan can read. Choose another one, or try the demo song.",
        "这不是 livegan 能读取的声音文件。请换一个，或用示例歌曲试试。",
    ),
    "js.demo": ("Try it with the demo song", "用示例歌曲试试"),
    "js.what.listening": ("Listening …", "正在听……"),
    "js.what.heard again": ("Listening again …", "正在重新听……"),
    "js.what.dreaming the segments": ("Dreaming …", "正在做梦……"),
    "js.what.dreaming": ("Dreaming …", "正在做梦……"),
    "js.what.with its sound": ("Adding its sound …", "正在加入声音……"),
    "js.what.looking at": ("Looking at your pictures …", "正在看你的图片……"),
    "js.failed": ("It did not work: {}", "没有成功：{}"),
    "js.cancel": ("Cancel", "取消"),
    "js.cancel-keep": ("Stop here and keep it", "到此为止并保留"),
    "js.go-on": ("Go on", "继续"),
    "js.remove": ("Delete", "删除"),
    "js.remove-sure": ("Delete this for good?", "确定永久删除？"),
    "js.download": ("Download {}", "下载 {}"),
    "js.more": ("{} more files", "另外 {} 个文件"),
    "js.film-of-it": ("Make a film of it", "用它制作影片"),
    "js.typed": ("The same in a shell", "命令行写法"),
    "js.earlier": ("Earlier", "以前的作品"),
    "js.empty.film": ("Your film will appear here.", "你的影片会出现在这里。"),
    "js.empty.picture": ("Your picture will appear here.", "你的图画会出现在这里。"),
    "js.empty.dream": ("Your dream will appear here.", "你的梦会出现在这里。"),
    "js.empty.project": (
        "Your picture, and what the network makes of it, will appear here.",
        "你的图片和网络画出的结果会出现在这里。",
    ),
    "js.empty.train": ("What the network has learnt will appear here.", "网络学到的画面会出现在这里。"),
    "js.empty.compose": ("Your music will appear here.", "你的音乐会出现在这里。"),
    "js.lost": ("livegan does not answer; is it still running?", "livegan 没有回应，它还在运行吗？"),
    "js.steps": ("steps", "步"),
    "js.frames": ("frames", "帧"),
    "js.pictures": ("pictures", "张"),
    "js.seconds": ("seconds", "秒"),
    "js.kimg": ("thousand pictures", "千张"),
}  # fmt: skip


def texts(language: str) -> dict[str, str]:
    """All texts of a language, by key."""
    place = LANGUAGES.index(language)
    return {key: pair[place] for key, pair in TEXTS.items()}


def preferred(accept_language: str) -> str:
    """The language of the page for a browser, from its Accept-Language: Chinese where it comes first, else English."""
    first = accept_language.split(",")[0].strip().casefold()
    return "zh" if first.startswith("zh") else "en"
