"use strict";
// Keep/reject page. Every decision is sent at once, those made meanwhile together with the next; nothing is lost by
// closing the page. Only the pictures in view are in the document, so that ten thousand are no more work than fifty.

const by = (id) => document.getElementById(id);
const grid = by("grid"), large = by("large");
const GAP = 8, WORDS_PX = 46, AHEAD_ROWS = 2, SWIPE_PX = 60;
const cells = new Map();   // place in `shown` -> element
const waiting = new Map(); // number of picture -> decision not sent yet
let pictures = [], shown = [], at = 0, columns = 1, cellWide = 160, sending = false, unsaved = false, over = false;
const undone = [];         // what was before: [[number, decision], ...] of each step; outlives a reload of the tab
const UNDO_STEPS = 500;

const isKept = (p) => !p.error && (p.hand ? p.hand === "keep" : p.kept);
const why = (p) => p.error ? "broken" : p.hand ? "by hand" : p.why === "by hand" ? "as before" : p.why;
const sharpLimit = () => { const v = +by("sharp").value; return v ? Math.round(10 ** (v / 30)) : 0; };

async function begin() {
  history.replaceState(null, "", "/"); // the token has become a cookie: keep it out of sight and out of bookmarks
  const answer = await fetch("/pictures");
  if (!answer.ok) { say(await answer.text(), true); return; }
  const table = await answer.json();
  pictures = table.pictures;
  pictures.forEach((p, number) => { p.number = number; });
  by("title").textContent = table.title;
  document.title = `${table.title} - choose pictures`;
  const persons = [...new Set(pictures.map((p) => p.person))].filter((n) => n).sort((a, b) => a - b);
  by("person-label").hidden = !persons.length;
  for (const n of persons) by("person").add(new Option(`${n}`, n));
  undone.push(...recalled());
  filter();
  grid.focus();
}

const undoName = () => `undo of ${pictures.length}: ${pictures[0]?.hash}: ${document.title}`; // of this selection only

function recalled() {
  try { return JSON.parse(sessionStorage.getItem(undoName()) ?? "[]"); } catch { return []; }
}

function recall() {
  undone.splice(0, undone.length - UNDO_STEPS);
  try { sessionStorage.setItem(undoName(), JSON.stringify(undone)); } catch { /* full, or forbidden: until the reload */ }
}

// --- What is shown

function passes(p) {
  if (p.error) return !sharpLimit() && !+by("light").value && !+by("face").value;
  return p.sharp >= sharpLimit() && p.light >= +by("light").value && p.face >= +by("face").value;
}

function filter() {
  const show = by("show").value, person = +by("person").value, order = by("order").value;
  const current = shown[at];
  shown = pictures.filter((p) => passes(p) && (!person || p.person === person) &&
    (show === "all" || (show === "hand" ? p.hand : isKept(p) === (show === "kept"))));
  const key = { taken: (p) => p.taken, quality: (p) => -p.quality, "-quality": (p) => p.quality,
    person: (p) => p.person || 1e9 }[order];
  shown.sort((a, b) => key(a) - key(b) || a.number - b.number);
  at = Math.max(0, shown.indexOf(current));
  by("sharp-text").textContent = sharpLimit() || "any";
  by("light-text").textContent = +by("light").value || "any";
  by("face-text").textContent = +by("face").value ? `${by("face").value} %` : "any";
  layout();
  tell();
}

function layout() {
  const wide = grid.clientWidth - GAP, least = wide < 600 ? 108 : 164;
  columns = Math.max(2, Math.floor(wide / (least + GAP)));
  cellWide = Math.floor(wide / columns) - GAP;
  for (const cell of cells.values()) cell.remove();
  cells.clear();
  grid.replaceChildren();
  const sizer = document.createElement("div");
  sizer.id = "sizer";
  sizer.style.height = `${Math.ceil(shown.length / columns) * rowHigh() + GAP}px`;
  grid.append(sizer);
  if (!shown.length) {
    const none = document.createElement("p");
    none.className = "none";
    none.textContent = pictures.length ? "No picture passes these filters." : "";
    grid.append(none);
  }
  draw();
  see();
}

const rowHigh = () => cellWide + WORDS_PX + GAP;

function draw() {
  const first = Math.max(0, Math.floor(grid.scrollTop / rowHigh()) - AHEAD_ROWS);
  const last = Math.ceil((grid.scrollTop + grid.clientHeight) / rowHigh()) + AHEAD_ROWS;
  const from = first * columns, to = Math.min(shown.length, last * columns);
  for (const [place, cell] of cells) {
    if (place >= from && place < to) continue;
    cell.querySelector("img")?.removeAttribute("src"); // it need not be fetched any more
    cell.remove();
    cells.delete(place);
  }
  for (let place = from; place < to; place++) if (!cells.has(place)) cells.set(place, build(place));
}

function build(place) {
  const p = shown[place], cell = document.createElement("button");
  cell.tabIndex = -1;
  cell.style.left = `${GAP + place % columns * (cellWide + GAP)}px`;
  cell.style.top = `${GAP + Math.floor(place / columns) * rowHigh()}px`;
  cell.style.width = `${cellWide}px`;
  cell.style.height = `${cellWide + WORDS_PX}px`;
  const photo = document.createElement("div");
  photo.className = "photo";
  if (p.error) {
    const words = document.createElement("div");
    words.className = "broken";
    words.textContent = p.error;
    photo.append(words);
  } else {
    const image = document.createElement("img");
    image.alt = p.name;
    image.draggable = false;
    image.src = `/thumb/${p.number}?${p.hash}`;
    photo.append(image);
  }
  const words = document.createElement("div");
  words.className = "words";
  words.append(document.createElement("div"), document.createElement("div"));
  words.lastChild.className = "why";
  cell.append(photo, words);
  cell.addEventListener("click", () => { if (place === at && !p.error) open(); else go(place); });
  grid.append(cell);
  paint(place, cell);
  return cell;
}

function paint(place, cell) {
  const p = shown[place], kept = isKept(p);
  cell.className = `cell${kept ? " is-kept" : ""}${p.hand ? " by-hand" : ""}${place === at ? " is-at" : ""}`;
  cell.setAttribute("aria-label", `${p.name}, ${kept ? "kept" : "left out"}`);
  const [scores, reason] = cell.querySelector(".words").children;
  const [sharp, light] = cellWide < 140 ? ["", ""] : [" sharp", " light"];
  scores.textContent = p.error ? "" : `${p.sharp}${sharp} · ${p.light}${light}`;
  reason.textContent = why(p) + (p.person ? ` · p${p.person}` : "");
}

function tell() {
  const kept = pictures.filter(isKept).length, hidden = hiddenKept().length;
  by("counts").replaceChildren(Object.assign(document.createElement("b"), { textContent: `${kept} kept` }),
    ` of ${pictures.length}${shown.length < pictures.length ? ` · ${shown.length} shown` : ""}`);
  by("undo").disabled = !undone.length;
  by("reject-hidden").hidden = !hidden;
  by("reject-hidden").textContent = `Reject ${hidden} below the sliders`;
  const p = shown[at];
  by("name").textContent = p ? `${p.name} · ${p.size[0]}×${p.size[1]}` : "";
  by("keep").disabled = by("reject").disabled = !p || !!p.error;
  if (large.open) tellLarge();
}

const hiddenKept = () => pictures.filter((p) => isKept(p) && !passes(p));

// --- Where we are

function go(place) {
  const before = at;
  at = Math.max(0, Math.min(shown.length - 1, place));
  see();
  for (const one of [before, at]) if (cells.has(one)) paint(one, cells.get(one));
  tell();
}

function see() {
  const top = Math.floor(at / columns) * rowHigh(), bottom = top + rowHigh() + GAP;
  if (top < grid.scrollTop) grid.scrollTop = top;
  else if (bottom > grid.scrollTop + grid.clientHeight) grid.scrollTop = bottom - grid.clientHeight;
  draw();
}

function open() {
  if (!shown[at]) return;
  if (!large.open) large.show();
  document.body.classList.add("is-large");
  tellLarge();
}

function close() {
  large.close();
  document.body.classList.remove("is-large");
  grid.focus();
}

function tellLarge() {
  const p = shown[at], image = by("large-picture"), address = `/picture/${p.number}?${p.hash}`;
  if (p.error) image.removeAttribute("src");
  else if (image.getAttribute("src") !== address) { image.src = address; image.alt = p.name; }
  frameFaces();
  const state = document.createElement("b");
  state.textContent = isKept(p) ? "kept" : "left out";
  state.className = isKept(p) ? "is-kept" : "";
  const faces = p.faces.length ? ` · ${p.faces.length} ${p.faces.length > 1 ? "faces" : "face"}, ${p.face} %` : "";
  by("large-text").replaceChildren(state, `, ${why(p)} · ${p.sharp} sharp · ${p.light} light${faces}` +
    `${p.person ? ` · person ${p.person}` : ""} · ${at + 1} of ${shown.length}`);
}

function frameFaces() {
  const p = shown[at], frame = by("frame");
  frame.querySelectorAll("i").forEach((one) => one.remove());
  const scale = Math.min(frame.clientWidth / p.size[0], frame.clientHeight / p.size[1]);
  const wide = p.size[0] * scale, high = p.size[1] * scale;
  const x = (frame.clientWidth - wide) / 2, y = (frame.clientHeight - high) / 2;
  for (const [left, top, right, bottom] of p.faces) {
    const box = document.createElement("i");
    Object.assign(box.style, { left: `${x + left * wide}px`, top: `${y + top * high}px`,
      width: `${(right - left) * wide}px`, height: `${(bottom - top) * high}px` });
    frame.append(box);
  }
}

// --- Decisions

function decide(hand) {
  const p = shown[at];
  if (!p || over) return;
  if (!p.error) change([[p.number, hand]]);
  if (at < shown.length - 1) go(at + 1);
}

function change(steps, isUndo = false) {
  const before = steps.map(([number]) => [number, pictures[number].hand]);
  if (!isUndo) undone.push(before);
  recall();
  for (const [number, hand] of steps) { pictures[number].hand = hand; waiting.set(number, hand); }
  for (const [place, cell] of cells) paint(place, cell);
  tell();
  send();
}

function undo() {
  const steps = undone.pop();
  if (!steps || over) return;
  change(steps, true);
  const place = shown.indexOf(pictures[steps[0][0]]);
  if (place >= 0) go(place);
}

function say(text, wrong = false) {
  by("saved").textContent = text;
  by("saved").classList.toggle("wrong", wrong);
}

async function post(address, body) {
  const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body) });
  if (answer.ok) return;
  let text = await answer.text();
  try { text = JSON.parse(text).error; } catch { /* a sentence */ }
  throw new Error(text);
}

async function send() {
  if (sending || !waiting.size) return;
  sending = true;
  const changes = Object.fromEntries(waiting);
  waiting.clear();
  say("saving …");
  try {
    await post("/decide", { changes });
    unsaved = false;
    if (!waiting.size) say("saved");
  } catch (error) {
    for (const [number, hand] of Object.entries(changes)) if (!waiting.has(+number)) waiting.set(+number, hand);
    unsaved = true;
    say(`not saved: ${error instanceof TypeError ? "livegan has ended; type the command again" : error.message}`, true);
    setTimeout(send, 2000);
    return;
  } finally { sending = false; }
  send();
}

async function done() {
  await send();
  if (sending || unsaved || waiting.size) { setTimeout(done, 200); return; }
  try {
    await post("/done", {});
  } catch (error) { say(`not done: ${error.message}`, true); return; }
  over = true;
  by("ended-text").textContent = `${pictures.filter(isKept).length} of ${pictures.length} pictures are kept.`;
  by("ended").showModal();
}

// --- Hands

const moves = { ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: () => -columns, ArrowDown: () => columns,
  PageUp: () => -columns * 4, PageDown: () => columns * 4, Home: () => -1e9, End: () => 1e9 };

addEventListener("keydown", (event) => {
  const field = event.target.closest?.("select, input");
  if (over || event.altKey || field && (event.key in moves || field.matches("select"))) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const command = event.ctrlKey || event.metaKey;
  if (command && key === "z" || !command && key === "u") undo();
  else if (command) return;
  else if (key === "k") decide("keep");
  else if (key === "r") decide("reject");
  else if (key in moves) go(at + moves[key]());
  else if (key === "Escape" && large.open) close();
  else if ((key === "Enter" || key === " ") && (large.open || event.target === grid || event.target.closest(".cell")))
    large.open ? close() : open();
  else return;
  event.preventDefault();
});

let startX = null;
large.addEventListener("pointerdown", (event) => { startX = event.clientX; });
large.addEventListener("pointerup", (event) => {
  const moved = startX === null ? 0 : event.clientX - startX;
  startX = null;
  if (moved > SWIPE_PX) decide("keep");
  else if (moved < -SWIPE_PX) decide("reject");
  else if (Math.abs(moved) < 8) close();
});
large.addEventListener("dragstart", (event) => event.preventDefault());
grid.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
addEventListener("resize", () => { layout(); if (large.open) frameFaces(); });
addEventListener("beforeunload", (event) => { if (waiting.size || sending) event.preventDefault(); });
for (const id of ["show", "order", "person"]) by(id).addEventListener("change", filter);
for (const id of ["sharp", "light", "face"]) by(id).addEventListener("input", filter);
by("filters").addEventListener("submit", (event) => event.preventDefault());
by("keep").addEventListener("click", () => decide("keep"));
by("reject").addEventListener("click", () => decide("reject"));
by("undo").addEventListener("click", undo);
by("done").addEventListener("click", done);
by("reject-hidden").addEventListener("click", () => change(hiddenKept().map((p) => [p.number, "reject"])));
by("filters-button").addEventListener("click", (event) => {
  event.target.setAttribute("aria-expanded", `${by("filters").classList.toggle("is-open")}`);
  layout();
});
begin();
