"use strict";
// Stages of the studio page: the job of each tab with its progress, its results and those before, read once a second.

(() => {
  const { texts, language } = window.livegan;
  const POLL_MS = 1000;
  const FEW = 3; // downloads that are shown at once
  const chosen = {}; // kind -> id of the job that is shown; the newest where there is none
  let jobs = [], known = null, lost = false;

  const say = (key, ...values) => values.reduce((text, value) => text.replace("{}", value), texts[key] ?? key);
  const unit = (name) => texts[name] ?? name;

  function made(tag, name, text) {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function clock(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    const two = (number) => String(number).padStart(2, "0");
    const minutes = Math.floor(whole / 60);
    return minutes < 60 ? `${minutes}:${two(whole % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
  }

  function bytes(count) {
    if (count < 1 << 20) return `${Math.max(1, Math.round(count / 1024))} kB`;
    return `${(count / (1 << 20)).toFixed(count < 10 << 20 ? 1 : 0)} MB`;
  }

  const address = (job, result) => `/jobs/${job.id}/out/${result.name.split("/").map(encodeURIComponent).join("/")}`;
  const still = (job) => (job.progress.seen ? `/jobs/${job.id}/now?v=${job.progress.seen}` : "");
  const busy = (job) => ["waiting", "running", "stopping"].includes(job.state);

  async function tell(job, what, body = {}) {
    const answer = await fetch(`/jobs/${job.id}/${what}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    if (answer.status === 409) alert((await answer.json()).error);
    await poll();
  }

  // --- one stage: view, bar, buttons, gallery

  function furnish(stage) {
    stage.replaceChildren(
      made("div", "lg-view"), made("p", "lg-state"), made("p", "lg-said"), made("div", "lg-bar"), made("div", "lg-buttons"),
      made("details", "lg-typed"), made("h2", "lg-earlier", texts.earlier), made("div", "lg-gallery"),
    );
    stage.querySelector(".lg-bar").append(made("div"));
    stage.querySelector(".lg-bar").setAttribute("role", "progressbar");
    stage.querySelector(".lg-state").setAttribute("role", "status");
    stage.querySelector(".lg-typed").append(made("summary", "", texts.typed), made("pre"));
    stage.shown = {};
  }

  // Draw a part of a stage anew only if what it shows is another: a film that plays goes on playing.
  function redraw(stage, part, key, draw) {
    if (stage.shown[part] === key) return;
    stage.shown[part] = key;
    draw(stage.querySelector(`.lg-${part}`));
  }

  function drawStage(stage) {
    if (!stage.shown) furnish(stage);
    const kind = stage.dataset.kind;
    const own = jobs.filter((job) => job.kind === kind);
    const job = own.find((each) => each.id === chosen[kind]) ?? own[0];
    drawView(stage, kind, job);
    stage.querySelector(".lg-state").textContent = lost ? texts.lost : stateText(job);
    stage.querySelector(".lg-state").classList.toggle("lg-failed", lost || job?.state === "failed");
    stage.querySelector(".lg-said").textContent = (job?.said ?? []).join("\n");
    drawBar(stage.querySelector(".lg-bar"), job);
    const key = !job ? "" : [job.id, job.state, job.results.map((result) => result.name + result.bytes)].join();
    redraw(stage, "buttons", key, (place) => drawButtons(place, job, demoOf(stage)));
    redraw(stage, "typed", job?.id ?? "", (place) => {
      place.hidden = !job;
      if (job) place.querySelector("pre").textContent = job.typed.join("\n");
    });
    const others = own.map((each) => [each.id, each.state, each.progress.seen, each.id === job.id].join()).join(";");
    stage.querySelector(".lg-earlier").hidden = own.length < 2;
    redraw(stage, "gallery", others, (place) => drawGallery(place, kind, own, job));
  }

  function drawView(stage, kind, job) {
    const best = job && !busy(job) ? job.results.find((result) => result.kind !== "file") : undefined;
    const beside = best?.kind === "sound" ? job.results.find((result) => result.kind === "picture") : undefined;
    if (best) {
      redraw(stage, "view", `${job.id} ${best.name} ${best.bytes}`, (place) => {
        const shown = [];
        if (best.kind === "picture") shown.push(picture(address(job, best)));
        const sound = best.kind === "sound" ? best : job.results.find((result) => result.kind === "sound");
        if (beside) shown.push(picture(address(job, beside)));
        if (best.kind === "film") shown.push(film(address(job, best), still(job)));
        if (sound && best.kind !== "film") {
          const player = made("audio");
          Object.assign(player, { controls: true, preload: "metadata", src: address(job, sound) });
          shown.push(player);
        }
        place.replaceChildren(...shown);
      });
      return;
    }
    const now = job && still(job);
    if (!now) {
      redraw(stage, "view", `none ${job?.state}`, (place) =>
        place.replaceChildren(made("p", job && busy(job) ? "lg-empty lg-busy" : "lg-empty", job && busy(job) ? "" : texts[`empty.${kind}`])));
      return;
    }
    if (stage.shown.view === now) return;
    stage.shown.view = now;
    const next = picture(now); // shown once it is there, so that nothing flickers
    next.addEventListener("load", () => { if (stage.shown.view === now) stage.querySelector(".lg-view").replaceChildren(next); });
  }

  function picture(source) {
    const image = made("img");
    image.alt = "";
    image.src = source;
    return image;
  }

  function film(source, poster) {
    const player = made("video");
    Object.assign(player, { controls: true, preload: "metadata", playsInline: true, src: source });
    if (poster) player.poster = poster;
    return player;
  }

  function stateText(job) {
    if (!job) return "";
    if (job.state === "waiting") return say("waiting", job.place);
    if (job.state === "stopping") return texts.stopping;
    if (job.state === "done") return say("done", clock(job.seconds));
    if (job.state === "stopped") return job.results.length ? texts.stopped : texts["stopped-none"];
    if (job.state === "failed") return job.unheard ? texts.unheard : say("failed", job.error);
    const { what, done, total, unit: name, left_s: left } = job.progress;
    if (done === undefined || between(job.progress)) return texts.begins;
    const stage = texts[`what.${(what ?? "").split(", ").pop()}`]; // "my song.mp3, listening"
    const share = total && name !== "%" ? ` / ${rounded(total)}` : "";
    const said = [`${stage ? `${stage} ` : ""}${rounded(done)}${share} ${unit(name)}`];
    if (left !== null && done < total) said.push(say("left", clock(left)));
    return said.join(" · ");
  }

  // It has listened, and loads what draws.
  const between = ({ done, total, unit: name }) => name === "%" && done >= total;
  const rounded = (number) => (Number.isInteger(number) ? number : Number(number.toPrecision(3)));

  function drawBar(bar, job) {
    const running = job && busy(job);
    bar.hidden = !running;
    if (!running) return;
    const { done } = job.progress, total = between(job.progress) ? 0 : job.progress.total;
    const share = total ? Math.min(1, done / total) : 0;
    bar.classList.toggle("lg-unknown", !total);
    const back = !total || 100 * share < (parseFloat(bar.firstChild.style.width) || 100); // another stage: at once
    bar.firstChild.style.transition = back ? "none" : "";
    bar.firstChild.style.width = total ? `${100 * share}%` : "";
    bar.setAttribute("aria-valuenow", Math.round(100 * share));
  }

  const demoOf = (stage) => stage.closest(".lg-columns")?.querySelector(".lg-demo");

  function drawButtons(place, job, demo) {
    place.replaceChildren();
    if (!job) return;
    const button = (text, act, name = "") => {
      const element = made("button", name, text);
      element.type = "button";
      element.addEventListener("click", () => { element.disabled = true; act().finally(() => { element.disabled = false; }); });
      place.append(element);
    };
    if (job.state === "waiting") button(texts.cancel, () => tell(job, "cancel"), "lg-cancel");
    if (job.state === "running") button(texts["cancel-keep"], () => tell(job, "cancel"), "lg-cancel");
    if (busy(job)) return;
    const more = made("details", "lg-more"), files = made("div");
    more.append(made("summary", "", say("more", job.results.length - FEW)), files);
    for (const [number, result] of job.results.entries()) {
      const link = made("a", result.kind === "file" ? "" : "lg-main", say("download", `${result.name} (${bytes(result.bytes)})`));
      link.href = `${address(job, result)}?download`;
      link.download = result.name.split("/").pop();
      (number < FEW || job.results.length === FEW + 1 ? place : files).append(link);
    }
    if (job.kind === "compose" && job.results.length) button(texts["film-of-it"], () => filmOf(job));
    if (job.unheard && demo) button(texts.demo, async () => demo.click());
    if (job.resumes) button(texts["go-on"], () => tell(job, "go-on"));
    button(texts.remove, async () => { if (confirm(texts["remove-sure"])) await tell(job, "remove"); }, "lg-remove");
    if (files.children.length) place.append(more);
  }

  async function filmOf(job) {
    const scene = document.querySelector(".lg-scenes input:checked")?.value ?? "default";
    delete chosen.film;
    await tell(job, "film", { scene });
    document.querySelector('[role="tab"]')?.click(); // Film is the first
  }

  function drawGallery(place, kind, own, job) {
    place.replaceChildren(...own.slice(0, own.length < 2 ? 0 : undefined).map((each) => {
      const card = made("button", `lg-card lg-${each.state}${each.id === job.id ? " lg-chosen" : ""}`);
      card.type = "button";
      const shown = each.results.find((result) => result.kind === "picture");
      const source = !busy(each) && shown ? address(each, shown) : still(each);
      if (source) {
        const image = picture(source);
        image.loading = "lazy";
        card.append(image);
      } else card.append(made("i", "", each.state === "failed" ? "✕" : "♪"));
      card.append(made("span", "", each.title));
      card.addEventListener("click", () => { chosen[kind] = each.id; draw(); });
      return card;
    }));
  }

  // Gradio makes a tab's parts when it is opened: put ours into them.
  function furnishPage() {
    const main = document.querySelector(".gradio-container main, .gradio-container");
    if (main && document.querySelector('[role="tab"]') && !document.querySelector(".lg-head")) {
      const head = made("header", "lg-head"), other = made("a", "lg-other", texts.other);
      other.href = language === "zh" ? "/en/" : "/zh/";
      head.append(made("h1", "", texts.title), made("p", "", texts.about), other);
      main.prepend(head);
      document.head.append(document.querySelector('link[href="/studio/studio.css"]')); // over Gradio's own
    }
    for (const column of document.querySelectorAll('[id^="stage-"]')) {
      if (column.querySelector(".lg-stage")) continue;
      const stage = made("div", "lg-stage");
      stage.dataset.kind = column.id.slice("stage-".length);
      column.append(stage);
    }
  }

  function draw() {
    furnishPage();
    for (const stage of document.querySelectorAll(".lg-stage")) drawStage(stage);
  }

  async function poll() {
    try {
      const answer = await fetch("/jobs", { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      jobs = await answer.json();
      lost = false;
    } catch {
      lost = true;
    }
    if (known !== null) {
      for (const job of jobs.filter((each) => !known.has(each.id))) {
        delete chosen[job.kind]; // a new job is what its tab shows
        const stage = document.querySelector(`.lg-stage[data-kind="${job.kind}"]`);
        if (stage && stage.getBoundingClientRect().top > innerHeight * 0.7) stage.scrollIntoView({ behavior: "smooth" });
      }
    }
    if (!lost) known = new Set(jobs.map((job) => job.id));
    draw();
  }

  async function forever() {
    if (!document.hidden || known === null) await poll();
    setTimeout(forever, POLL_MS);
  }

  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.documentElement.classList.add("dark");
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
  document.addEventListener("click", (event) => { // a tab that is opened, a button of a form
    const pressed = event.target.closest?.('[role="tab"], .lg-go, .lg-demo');
    if (!pressed) return;
    setTimeout(() => { pressed.closest(".lg-form")?.classList.remove("lg-changed"); poll(); }, 300);
  });
  for (const kind of ["input", "change", "drop"]) // why it did not begin is no longer so, once the form has changed
    document.addEventListener(kind, (event) => event.target.closest?.(".lg-form")?.classList.add("lg-changed"), true);
  new MutationObserver(() => {
    document.body?.classList.add("dark");
    const bare = [...document.querySelectorAll('[id^="stage-"]')].some((column) => !column.querySelector(".lg-stage"));
    if (bare) draw();
  }).observe(document, { childList: true, subtree: true });
  forever();
})();
