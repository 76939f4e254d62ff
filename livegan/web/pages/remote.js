"use strict";
// Phone page of a show. What is done here goes out as {t, do: [...]}, the show's state comes in as {table} and {now}, its picture as JPEG.

const SEND_MS = 34, HOLD_MS = 500, QUIET_MS = 5000, BEAT_MS = 1500, AGAIN_MS = 300, AGAIN_MOST_MS = 3000;
const by = (id) => document.getElementById(id);
const zh = /^zh\b/i.test(navigator.language);
const T = zh ? {
  sliders: "推杆", scenes: "场景", words: "文字", blackout: "黑场", freeze: "定格", safe: "安全", tap: "节拍", master: "亮度",
  next: "下一个：", waits: "等待", send: "发送", hint: "你想看到什么？", clear: "不要文字",
  mix: "混合", cue: "预备", noCue: "用 ‹ › 选择要混入的场景", crossfade: "交叉淡化", fadeOut: "淡出", fadeIn: "淡入", undo: "撤销", redo: "重做",
  panic: "全部还原", halve: "速度减半", double: "速度加倍", earlier: "拍子提前", later: "拍子推后", cuePrevious: "预备上一个场景", cueNext: "预备下一个场景",
  understood: "理解为", music: "音乐", previousScene: "上一个场景", nextScene: "下一个场景", preview: "画面预览",
  back: "恢复场景的值", phones: "部手机", lost: "没有连接", lostText: "正在寻找演出。请检查手机是否在同一个无线网络中。",
  gone: "演出已重新开始", goneText: "此地址属于之前的演出。请扫描新的二维码。", notUnderstood: "未能理解",
} : {
  sliders: "Sliders", scenes: "Scenes", words: "Words", blackout: "BLACKOUT", freeze: "FREEZE", safe: "SAFE", tap: "TAP", master: "Master",
  next: "next: ", waits: "waits for ", send: "Send", hint: "What do you want to see?", clear: "No words",
  mix: "Mix", cue: "cued", noCue: "‹ › choose a scene to mix in", crossfade: "Crossfade", fadeOut: "Fade out", fadeIn: "Fade in", undo: "Undo", redo: "Redo",
  panic: "Panic", halve: "Half the tempo", double: "Double the tempo", earlier: "Beat earlier", later: "Beat later", cuePrevious: "Cue the scene before",
  cueNext: "Cue the next scene", understood: "understood: ", music: "music: ", previousScene: "Previous scene", nextScene: "Next scene", preview: "Preview of the picture",
  back: "Back to the scene's value", phones: "phones", lost: "No connection", lostText: "Looking for the show. Is the phone in the same wireless network?",
  gone: "The show was started again", goneText: "This address is that of an earlier show. Scan the new code.", notUnderstood: "not understood",
};

let socket = null, heardMs = 0, waitMs = AGAIN_MS, again = 0, scenes = [], sliders = [], now = {}, table = {};

// --- The connection

function connect() {
  clearTimeout(again);
  if (socket) { socket.onclose = null; socket.close(); }
  const mine = socket = new WebSocket(new URL("ws", location.href.replace(/^http/, "ws")));
  mine.binaryType = "arraybuffer";
  heardMs = performance.now();
  mine.onopen = () => { see(); flush(); };
  mine.onmessage = (event) => {
    heardMs = performance.now();
    waitMs = AGAIN_MS;
    if (typeof event.data !== "string") { draw(event.data); return; }
    const message = JSON.parse(event.data);
    if (message.table) build(message.table);
    if (message.now) { veil(); show(message.now); }
  };
  mine.onclose = () => { if (mine === socket) lost(); };
}

function lost() {
  if (socket) { socket.onclose = null; socket.close(); }
  socket = null;
  veil(T.lost, T.lostText);
  fetch(location.href, { cache: "no-store" }).then((answer) => {
    if (answer.status === 404) { veil(T.gone, T.goneText); waitMs = AGAIN_MOST_MS; }
  }, () => {});
  clearTimeout(again);
  again = setTimeout(connect, waitMs);
  waitMs = Math.min(waitMs * 1.6, AGAIN_MOST_MS);
}

function veil(title = "", text = "") {
  by("veil").hidden = !title;
  by("veil-title").textContent = title;
  by("veil-text").textContent = text;
}

function say(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ t: performance.now(), ...message }));
}

const see = () => say({ see: !document.hidden });

setInterval(() => {
  if (document.hidden) return;
  if (socket && performance.now() - heardMs > QUIET_MS) lost();
  else say({}); // so that the show knows how long a message takes
}, BEAT_MS);
for (const back of ["online", "pageshow"]) addEventListener(back, (event) => {
  if (event.persisted !== false) { waitMs = AGAIN_MS; if (socket?.readyState !== WebSocket.OPEN) connect(); }
});
document.addEventListener("visibilitychange", () => {
  if (socket?.readyState === WebSocket.OPEN) { heardMs = performance.now(); see(); }
  else if (!document.hidden) { waitMs = AGAIN_MS; connect(); }
  if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => {}); // over https, or on this computer
});

// --- What is done here

const pending = new Map(); // name of a slider -> its newest value
let flushing = 0, flushedMs = 0;

function set(name, value) {
  pending.set(name, Math.round(value * 1000) / 1000);
  if (!flushing) flushing = setTimeout(flush, Math.max(0, flushedMs + SEND_MS - performance.now()));
}

function flush() {
  flushing = 0;
  if (!pending.size || socket?.readyState !== WebSocket.OPEN) return;
  flushedMs = performance.now();
  say({ do: [...pending].slice(0, 16).map(([name, value]) => ["set", name, value]) });
  pending.clear();
}

function act(button, event) {
  const { press, switch: name } = button.dataset;
  const done = press ? ["press", press] : ["switch", name, button.getAttribute("aria-pressed") === "true" ? 0 : 1];
  say({ t: event.timeStamp || performance.now(), do: [done] });
  navigator.vibrate?.(8);
}

for (const button of document.querySelectorAll("[data-press], [data-switch]")) { // at the touch, not when it is let go
  button.addEventListener("pointerdown", (event) => { if (event.isPrimary || button.id === "tap") act(button, event); });
  button.addEventListener("click", (event) => { if (event.detail === 0) act(button, event); }); // by a keyboard
}
document.addEventListener("contextmenu", (event) => { if (!event.target.closest("input")) event.preventDefault(); });

// --- Sliders

const UNITS = { "%": " %", "1/s": " /s", "1/min": " /min", degrees: "°" };

class Slider {
  constructor({ name, label, about = "", low = 0, high = 1, unit = "" }) {
    unit = UNITS[unit] ?? (unit && ` ${unit}`);
    Object.assign(this, { name, low, high, unit, value: 0, heldMs: -HOLD_MS, drag: null });
    this.row = document.createElement("div");
    this.row.className = "slider";
    this.row.dataset.name = name;
    Object.assign(this.row, { tabIndex: 0, role: "slider", ariaLabel: label, ariaValueMin: low, ariaValueMax: high });
    const part = (kind, to = this.row, tag = "i") => to.appendChild(Object.assign(document.createElement(tag), { className: kind }));
    [this.fill, this.edge, this.mark] = ["fill", "edge", "mark"].map((kind) => part(kind));
    const words = part("name", this.row, "div");
    part("", words, "b").textContent = label;
    if (about) part("", words, "span").textContent = about;
    this.text = part("value", this.row, "span");
    const back = part("back", this.row, "button");
    Object.assign(back, { textContent: "↺", ariaLabel: `${label}: ${T.back}` });
    back.addEventListener("pointerdown", (event) => event.stopPropagation());
    back.addEventListener("click", () => { pending.delete(name); this.heldMs = -HOLD_MS; say({ do: [["release", name]] }); });
    this.row.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.row.setPointerCapture(event.pointerId);
      this.drag = { id: event.pointerId, x: event.clientX, value: this.value };
    });
    this.row.addEventListener("pointermove", (event) => {
      if (this.drag?.id !== event.pointerId) return;
      const moved = (event.clientX - this.drag.x) / this.row.clientWidth;
      if (moved || this.row.classList.contains("is-held")) this.pull(this.drag.value + moved);
      this.row.classList.add("is-held");
    });
    for (const end of ["pointerup", "pointercancel"]) this.row.addEventListener(end, () => {
      this.drag = null;
      this.row.classList.remove("is-held");
    });
    this.row.addEventListener("keydown", (event) => {
      const step = { ArrowRight: .02, ArrowUp: .02, ArrowLeft: -.02, ArrowDown: -.02, PageUp: .1, PageDown: -.1, Home: -1, End: 1 }[event.key];
      if (step && event.target === this.row) { event.preventDefault(); this.pull(this.value + step); }
    });
    this.paint();
  }

  pull(value) {
    this.value = Math.min(Math.max(value, 0), 1);
    this.heldMs = performance.now();
    this.paint();
    set(this.name, this.value);
  }

  take([value, at, moved]) {
    if (!this.drag && performance.now() - this.heldMs > HOLD_MS) this.value = value;
    this.mark.style.left = `clamp(7px, ${at * 100}%, calc(100% - 7px))`;
    this.row.classList.toggle("is-moved", moved);
    this.paint();
  }

  paint() {
    const share = `${this.value * 100}%`, real = this.low + this.value * (this.high - this.low);
    this.fill.style.width = this.edge.style.left = share;
    const digits = this.high - this.low > 20 ? 0 : this.high - this.low > 5 ? 1 : 2;
    this.text.textContent = real.toFixed(digits) + this.unit;
    this.row.ariaValueNow = real.toFixed(3);
  }
}

const master = new Slider({ name: "master", label: T.master, high: 100, unit: "%" });
by("master").append(master.row);
const crossfader = new Slider({ name: "crossfade", label: T.crossfade, high: 100, unit: "%" });
by("crossfader").append(crossfader.row);

// --- What the show says

function build(said) {
  if (JSON.stringify(said.sliders) !== JSON.stringify(table.sliders)) {
    sliders = said.sliders.map((one) => new Slider(one));
    by("sliders").replaceChildren(...sliders.map((slider) => slider.row));
  }
  if (JSON.stringify(said.scenes) !== JSON.stringify(table.scenes)) {
    scenes = said.scenes.map(({ title, still }, at) => {
      const tile = document.createElement("button"), name = document.createElement("span");
      tile.className = "scene";
      tile.dataset.number = at + 1;
      const hue = [...title].reduce((sum, letter) => sum + letter.codePointAt(0) * 7, 0) % 360;
      tile.style.backgroundImage = still ? `url("still/${at + 1}?${still}")` : `linear-gradient(135deg, hsl(${hue} 30% 24%), hsl(${hue + 60} 35% 12%))`;
      name.textContent = title;
      tile.append(name);
      tile.addEventListener("click", (event) => say({ t: event.timeStamp, do: [["press", `scene.${at + 1}`]] }));
      return tile;
    });
    by("scenes").replaceChildren(...scenes);
  }
  if (JSON.stringify(said.prompts) !== JSON.stringify(table.prompts)) by("prompts").replaceChildren(...said.prompts.map((words) => {
    const button = document.createElement("button");
    button.textContent = words;
    button.addEventListener("click", () => say({ do: [["words", words]] }));
    return button;
  }));
  table = said;
}

let beatTimer = 0, beatMs = 0;

function show(said) {
  now = said;
  const words = said.words ?? ["", ""];
  const { blackout = 0, freeze = 0, master: light = 1, fade = 1 } = said.states;
  document.body.classList.toggle("is-blackout", blackout > 0 || fade <= 0);
  document.body.classList.toggle("is-frozen", freeze > 0);
  by("mark").textContent = blackout ? T.blackout : fade <= 0 ? T.fadeOut : freeze ? T.freeze : "";
  by("blackout").setAttribute("aria-pressed", blackout > 0);
  by("freeze").setAttribute("aria-pressed", freeze > 0);
  master.take([light, light, false]);
  crossfader.take([said.mixed, said.mixed, false]);
  crossfader.row.classList.toggle("is-there", said.cued >= 0);
  const ends = said.decks.map((at) => table.scenes?.[at]?.title).filter(Boolean);
  crossfader.row.querySelector("b").textContent = ends.length > 1 ? ends.join(" ↔ ") : T.crossfade;
  const end = table.scenes?.[said.cued]?.title;
  by("cued").replaceChildren(...(end ? [T.cue, Object.assign(document.createElement("b"), { textContent: end })] : [T.noCue]));
  said.at.forEach((where, i) => sliders[i]?.take(where));
  by("title").textContent = said.title ?? "";
  const following = by("following"), title = (at) => table.scenes?.[at]?.title ?? "";
  following.classList.toggle("is-waiting", said.chosen >= 0);
  following.textContent = said.chosen >= 0 ? (said.waits ? `${T.waits}${said.waits}` : title(said.chosen))
    : said.next >= 0 && said.next !== said.playing ? T.next + title(said.next) + (said.when ? `, ${said.when}` : "") : "";
  scenes.forEach((tile, at) => {
    tile.classList.toggle("is-playing", at === said.playing && said.chosen < 0);
    tile.classList.toggle("is-chosen", at === said.chosen);
    tile.classList.toggle("is-next", at === said.next && at !== said.playing);
  });
  by("tempo").classList.toggle("is-none", !said.bpm);
  by("bpm").textContent = said.bpm ? Math.round(said.bpm) : "";
  by("level").firstChild.style.transform = `scaleX(${Math.min(Math.max(said.level ?? 0, 0), 1)})`;
  by("notice").textContent = said.notices?.at(-1) ?? (said.phones > 1 ? `${said.phones} ${T.phones}` : "");
  const text = by("said");
  if (words[0]) text.replaceChildren(Object.assign(document.createElement("b"), { textContent: words[0] }),
    ` ${words[1] ? T.understood + words[1] : T.notUnderstood}`);
  else text.textContent = words[1] ? T.music + words[1] : "";
  if (said.bpm && said.phase !== null) beatMs = performance.now() + (1 - said.phase) * 60000 / said.bpm;
  if (said.bpm && !beatTimer) beat();
}

function beat() {
  beatTimer = 0;
  if (!now.bpm || document.hidden) return;
  by("tap").classList.add("is-beat");
  setTimeout(() => by("tap").classList.remove("is-beat"), 90);
  const left = beatMs - performance.now();
  beatTimer = setTimeout(beat, left > 120 ? left : Math.max(left, 0) + 60000 / now.bpm);
}

let drawing = false;
async function draw(bytes) {
  if (drawing) return;
  drawing = true;
  try {
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" })), canvas = by("preview");
    if (canvas.width !== picture.width || canvas.height !== picture.height) Object.assign(canvas, { width: picture.width, height: picture.height });
    canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.close();
  } catch { /* a broken picture: the next one comes */ } finally { drawing = false; }
}

// --- The page

function open(tab) {
  document.body.dataset.tab = tab;
  for (const one of document.querySelectorAll("nav button")) one.setAttribute("aria-selected", one.dataset.tab === tab);
  by("pages").scrollTop = 0;
  try { sessionStorage.setItem("tab", tab); } catch { /* private */ }
}

document.documentElement.lang = zh ? "zh-CN" : "en";
for (const tab of document.querySelectorAll("nav button")) {
  tab.textContent = T[tab.dataset.tab];
  tab.addEventListener("click", () => open(tab.dataset.tab));
}
for (const key of ["blackout", "freeze", "safe", "tap", "send", "clear"]) by(key).textContent = T[key];
const pressing = (name) => document.querySelector(`[data-press="${name}"]`);
for (const [name, key] of [["fade.out", "fadeOut"], ["fade.in", "fadeIn"], ["undo", "undo"], ["redo", "redo"], ["panic", "panic"]])
  pressing(name).textContent = T[key];
for (const [name, key] of [["beat.halve", "halve"], ["beat.double", "double"], ["beat.earlier", "earlier"], ["beat.later", "later"],
  ["cue.previous", "cuePrevious"], ["cue.next", "cueNext"], ["scene.previous", "previousScene"], ["scene.next", "nextScene"]])
  pressing(name).ariaLabel = T[key];
by("preview").ariaLabel = T.preview;
by("text").placeholder = T.hint;
by("text").ariaLabel = T.hint;
by("say").addEventListener("submit", (event) => {
  event.preventDefault();
  say({ do: [["words", by("text").value.slice(0, 200)]] });
  by("text").value = "";
  by("text").blur();
});
let tab = "sliders";
try { tab = sessionStorage.getItem("tab") || tab; } catch { /* private */ }
open(tab in T ? tab : "sliders");
navigator.wakeLock?.request("screen").catch(() => {});
connect();
