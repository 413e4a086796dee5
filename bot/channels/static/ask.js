// The Ask page: sends without a page load, shows the answer as it is written, keeps text through a lost connection.
(() => {
  "use strict";
  const { $, all, learn, listen, refresh } = window.sheriff;
  const form = $("#composer");
  const box = $("#box");
  const question = $("#question");
  const files = $("#files");
  const chosen = $("#chosen");
  const talk = $("#talk");
  const offline = $("#offline");
  let attached = [];
  let running = null;
  let listening = false;
  let last = all(".you .as-typed").at(-1)?.textContent ?? "";

  const make = (tag, className, text = "") => Object.assign(document.createElement(tag), { className, textContent: text });
  const fragment = (html) => document.createRange().createContextualFragment(html);
  const newId = () => [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, "0")).join("");

  function hear() {
    if (listening) return;
    listening = true;
    listen("/events");
  }

  // ---- files ----
  function attach(list) {
    attached = [...attached, ...list].slice(0, 20);
    showFiles();
  }

  function showFiles() {
    chosen.replaceChildren(
      ...attached.map((file, at) => {
        const shown = make("span", "file", file.name);
        const remove = Object.assign(make("button", "btn bare", "✕"), { type: "button" });
        remove.setAttribute("aria-label", `Remove ${file.name}`);
        remove.addEventListener("click", () => {
          attached = attached.filter((_, n) => n !== at);
          showFiles();
          question.focus();
        });
        shown.append(remove);
        return shown;
      }),
    );
  }

  files.addEventListener("change", () => {
    attach(files.files);
    files.value = "";
    question.focus();
  });
  for (const name of ["dragover", "dragenter"])
    addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      box.classList.add("drop");
    });
  addEventListener("dragleave", (event) => event.relatedTarget || box.classList.remove("drop"));
  addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    box.classList.remove("drop");
    attach(event.dataTransfer.files);
    question.focus();
  });

  // ---- asking ----
  function pending(text, names) {
    $("#first-visit")?.remove();
    const you = make("div", "you");
    if (text) you.append(make("p", "as-typed", text));
    names.forEach((name) => you.append(make("span", "file", name)));
    const reply = make("article", "reply");
    reply.setAttribute("aria-busy", "true");
    const head = make("h2", "");
    head.setAttribute("role", "status");
    const stop = Object.assign(make("button", "btn", "Stop "), { type: "button" });
    stop.append(make("kbd", "", "Esc"));
    stop.addEventListener("click", () => running?.abort());
    const bar = make("div", "bar");
    bar.append(stop);
    const body = make("div", "bones");
    reply.append(head, body, bar);
    talk.append(you, reply);
    const bones = setTimeout(() => body.append(make("div", "bone"), make("div", "bone")), 300);
    reply.scrollIntoView({ block: "end" });
    return { you, reply, head, body, bar, clear: () => clearTimeout(bones) };
  }

  async function* events(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const [, name, data] = block.match(/^event: (\w+)\ndata: ([^]*)$/) ?? [];
        if (name) yield [name, JSON.parse(data)];
      }
    }
  }

  async function ask(text, sent, id) {
    const shown = pending(text, sent.map((file) => file.name));
    const body = new FormData();
    body.set("text", text);
    body.set("id", id);
    sent.forEach((file) => body.append("files", file));
    running = new AbortController();
    try {
      const response = await fetch("/chat", { method: "POST", body, signal: running.signal, headers: { accept: "text/event-stream" } });
      if (!response.ok) return fail(shown, { text: await why(response) }, text, sent);
      let finished = false;
      for await (const [name, data] of events(response)) {
        if (name === "progress") shown.head.textContent = data.text;
        else if (name === "piece") write(shown, data.text);
        else if (name === "reply") finished = finish(shown, data);
        else finished = fail(shown, data, text, sent) ?? true;
      }
      if (!finished) throw new TypeError("the stream ended early");
    } catch (error) {
      if (error.name === "AbortError") stopped(shown);
      else lost(shown, text, sent, id);
    } finally {
      shown.clear();
      running = null;
    }
  }

  async function why(response) {
    const said = await response.json().catch(() => ({}));
    return said.error ?? "That did not work.";
  }

  function write(shown, piece) {
    if (!shown.text) {
      shown.clear();
      shown.head.textContent = "Writing…";
      shown.text = make("p", "caret as-typed");
      shown.body.replaceChildren(shown.text);
    }
    const follows = shown.reply.getBoundingClientRect().bottom < innerHeight + 200;
    shown.text.append(piece);
    if (follows) shown.reply.scrollIntoView({ block: "nearest" });
  }

  function finish(shown, data) {
    shown.clear();
    const turn = fragment(data.turn);
    shown.head.textContent = data.spoken;
    shown.you.replaceWith(turn.firstElementChild);
    shown.reply.replaceWith(turn.querySelector("article"));
    $("#drawers").append(fragment(data.drawers));
    $("#mine").replaceWith(fragment(data.mine));
    learn();
    hear();
    const answer = document.getElementById(`a-${data.key}`);
    const fits = answer.offsetHeight < innerHeight / 2;
    (fits ? answer : document.getElementById(`q-${data.key}`)).scrollIntoView({ block: fits ? "nearest" : "start" });
    return true;
  }

  function closing(shown, ...parts) {
    shown.clear();
    shown.reply.removeAttribute("aria-busy");
    shown.body.remove();
    shown.bar.remove();
    shown.head.className = "vh";
    shown.reply.append(...parts);
  }

  function fail(shown, data, text, sent) {
    const note = make("p", "note error");
    note.setAttribute("role", "alert");
    note.append(data.text);
    if (data.reference) note.append(" Its reference is ", make("code", "", data.reference), ".");
    shown.head.textContent = "Not answered";
    closing(shown, note);
    if (!question.value) question.value = text;
    if (!attached.length) attach(sent);
  }

  function stopped(shown) {
    shown.head.textContent = "Stopped";
    closing(shown, make("p", "small dim", "Stopped. If the answer was on its way, it is here when the page is loaded again."));
  }

  function lost(shown, text, sent, id) {
    shown.you.remove();
    shown.reply.remove();
    question.value = text;
    attached = [...sent];
    showFiles();
    form.dataset.again = id; // the same id: what has arrived already is not asked twice
    offline.hidden = false;
  }

  function send() {
    const text = question.value.trim();
    if (running || (!text && !attached.length)) return question.focus();
    const sent = attached;
    const id = form.dataset.again || newId();
    delete form.dataset.again;
    offline.hidden = true;
    last = text || last;
    question.value = "";
    attached = [];
    showFiles();
    ask(text, sent, id);
  }

  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) return;
    event.preventDefault();
    send();
  });
  $("[data-example]")?.addEventListener("submit", (event) => {
    event.preventDefault();
    question.value = event.submitter.value;
    send();
  });
  talk.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-say]")) return;
    event.preventDefault();
    if (running) return;
    const [draft, kept] = [question.value, attached];
    question.value = event.submitter.value;
    attached = [];
    send();
    question.value = draft;
    attached = kept;
    showFiles();
  });
  question.addEventListener("input", () => delete form.dataset.again);
  question.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && !question.value && last) {
      event.preventDefault();
      question.value = last;
      question.setSelectionRange(last.length, last.length);
    }
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && running && !$(".source:target")) running.abort();
  });
  $("[data-retry]").addEventListener("click", send);
  addEventListener("online", () => offline.hidden || send());

  // ---- the index is being built: follow it ----
  async function follow() {
    if (!$("#building progress, #building .note")) return;
    await refresh().catch(() => {});
    setTimeout(follow, 2000);
  }
  follow();
  if (talk.querySelector(".you") || $("#mine li")) hear();
  if (!location.hash) all(".you").at(-1)?.scrollIntoView({ block: "start" });
})();
