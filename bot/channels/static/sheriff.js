// Every page: keys, copying, drawers, live updates, buttons without a page load. Without it everything works by forms.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const $ = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // ---- copying: what is shown, without line numbers and signs ----
  const COPIED = {
    code: (button) => $("code", button.closest(".code")).textContent,
    fix: (button) => all("ins", button.closest(".fix")).map((line) => line.textContent).join("\n"),
    corrected: (button) => all(".corrected code", button.closest(".reply")).map((code) => code.textContent).join("\n---\n"),
  };

  async function copy(button) {
    const text = COPIED[button.dataset.copy](button);
    const words = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      const area = Object.assign(document.createElement("textarea"), { value: text, className: "vh" });
      document.body.append(area);
      area.select();
      button.textContent = document.execCommand("copy") ? "Copied" : "Select and copy";
      area.remove();
      button.focus();
    }
    setTimeout(() => (button.textContent = words), 2000);
  }

  // ---- drawers: opened by the address, so Back closes them; the focus returns to where it came from ----
  let opener = null;
  const opened = () => $(".source:target");

  function close(drawer) {
    const back = opener && document.contains(opener) ? opener : $($("[data-close]", drawer).hash);
    location.hash = "";
    history.replaceState(null, "", location.pathname + location.search);
    back?.focus();
    opener = null;
  }

  addEventListener("hashchange", () => {
    all(".cite[aria-expanded]").forEach((chip) => chip.removeAttribute("aria-expanded"));
    const drawer = opened();
    if (!drawer) return opener?.focus();
    all(`.cite[href="#${drawer.id}"]`).forEach((chip) => chip.setAttribute("aria-expanded", "true"));
    drawer.focus();
  });

  // ---- parts of the page that the server changed: read the page again and swap only what differs ----
  const served = new Map(); // as the server wrote them: what script did to them since is no change
  const learn = () => all("[data-live]").forEach((part) => served.has(part.id) || served.set(part.id, part.outerHTML));
  learn();

  const isBusy = (part) => {
    const field = document.activeElement;
    return part.contains(field) && field.matches("textarea, input") && field.value !== "";
  };

  const reading = new AbortController();

  async function refresh() {
    const address = location.pathname + location.search;
    const response = await fetch(address, { headers: { accept: "text/html" }, signal: reading.signal });
    $("#signed-out").hidden = response.status !== 401;
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of all("[data-live]")) {
      const next = part.id && fresh.getElementById(part.id);
      if (!next || isBusy(part) || next.outerHTML === served.get(part.id)) continue;
      served.set(part.id, next.outerHTML);
      const kept = document.activeElement?.id;
      const had = part.contains(document.activeElement);
      part.replaceWith(document.adoptNode(next));
      if (had) (document.getElementById(kept) ?? document.getElementById(next.id))?.focus();
    }
    const seen = $("#seen")?.value;
    // a form with a draft in it has not seen the news: sending says first who was faster, once
    const stale = (field) => all("textarea", field.form).some((area) => area.value !== "");
    if (seen) all("input[name=seen]").forEach((field) => stale(field) || (field.value = seen));
  }

  let waiting = 0;
  const refreshSoon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => refresh().catch(() => {}), 150);
  };

  function listen(address) {
    let news = null;
    const follow = () => {
      news?.close();
      news = null;
      if (document.hidden) return; // a browser keeps few connections to one server: hidden pages give theirs back
      news = new EventSource(address);
      news.addEventListener("changed", refreshSoon);
      news.addEventListener("error", () => news?.readyState === EventSource.CLOSED && refreshSoon()); // refused: why?
      news.addEventListener("open", refreshSoon); // what changed before the connection stood
    };
    document.addEventListener("visibilitychange", follow);
    addEventListener("pagehide", () => news?.close());
    $("form.person")?.addEventListener("submit", () => {
      news?.close(); // once signed out, the page may not be read again
      clearTimeout(waiting);
      reading.abort();
    });
    follow();
  }

  // ---- buttons of forms marked data-act: sent in place; a refusal keeps what was typed ----
  async function act(form, button) {
    const address = button?.getAttribute("formaction") || form.getAttribute("action");
    const body = new URLSearchParams(new FormData(form));
    button && (button.disabled = true);
    try {
      const response = await fetch(address, { method: "POST", body, headers: { accept: "application/json" } });
      const said = await response.json().catch(() => ({}));
      if (said.seen) all("input[name=seen]").forEach((field) => (field.value = said.seen)); // told now, and not again
      if (!response.ok) return refuse(form, said.error ?? "That did not work. Reload the page and try again.");
      all("textarea", form).forEach((area) => (area.value = ""));
      $("#refused")?.setAttribute("hidden", "");
      form.closest("details")?.removeAttribute("open");
      document.activeElement?.blur?.();
      if ($("main.desk")) {
        location.hash = "";
        await refresh();
        if (!$("#told + .act") || /\/(resolve|hand)$/.test(address)) return location.assign(location.pathname);
        if (document.activeElement === document.body) $("#case")?.focus(); // who has gone on meanwhile is left alone
      } else await refresh();
    } catch {
      refuse(form, "No connection. The text stays here; send it again when the connection is back.");
    } finally {
      button && (button.disabled = false);
    }
  }

  function refuse(form, sentence) {
    let note = $("#refused") ?? $(".note.refused", form);
    if (!note) {
      note = Object.assign(document.createElement("p"), { className: "note error refused" });
      note.setAttribute("role", "alert");
      form.append(note);
    }
    note.textContent = sentence;
    note.hidden = false;
    refresh().catch(() => {});
  }

  // ---- keys ----
  const help = $("#help");
  const toggle = $("#single-keys");
  const stored = () => localStorage.getItem("sheriff-single-keys") !== "off";
  toggle.checked = stored();
  toggle.addEventListener("change", () => localStorage.setItem("sheriff-single-keys", toggle.checked ? "on" : "off"));

  const PAGES = { a: "/", w: "/requests", d: "/desk", n: "/notices", g: "/gaps", i: "/insights", r: "/rota" };
  let prefix = 0;

  function step(by) {
    const rows = all(".inbox .row");
    const now = rows.findIndex((row) => row === document.activeElement);
    const current = now < 0 ? rows.findIndex((row) => row.hasAttribute("aria-current")) - (by > 0 && !$(".has-case") ? 1 : 0) : now;
    rows[Math.min(rows.length - 1, Math.max(0, current + by))]?.focus();
  }

  function single(event) {
    const key = event.key;
    if (prefix > Date.now()) {
      prefix = 0;
      const link = $(`.top nav a[href="${PAGES[key]}"]`); // only what this person may open is there
      if (link) return location.assign(link.href);
    }
    if (key === "g") return void (prefix = Date.now() + 1200);
    if (key === "?") return help.showModal();
    if (key === "/") return ($("#search") ?? $("#question"))?.focus();
    if (!$("main.desk")) return false;
    if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
    const target = $(`[data-key="${CSS.escape(key)}"]`);
    if (!target) return false;
    target.click();
    if (target.type === "radio") $(`.${target.id} :is(textarea, select)`)?.focus();
  }

  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const typing = event.target.matches("input:not([type=radio]):not([type=checkbox]), textarea, select");
    if (event.key === "Escape") {
      const drawer = opened();
      if (drawer) return close(drawer);
      if (typing && $("main.desk")) return event.target.blur();
      return;
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && typing) {
      const form = event.target.closest("form");
      if (form && form.id !== "composer") form.requestSubmit();
      return;
    }
    if (typing || help.open || event.ctrlKey || event.metaKey || event.altKey || !stored()) return;
    if (single(event) !== false) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-use], [data-close], .cite, .sources a");
    if (!button) return;
    if (button.dataset.copy) return copy(button);
    if (button.dataset.use !== undefined) {
      $("#m-reply").checked = true;
      $("#draft-of").hidden = false;
      $("#r").value = button.dataset.use;
      return $("#r").focus();
    }
    if (button.matches("[data-close]")) {
      event.preventDefault();
      return close(button.closest(".source"));
    }
    opener = button;
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-act]")) return;
    event.preventDefault();
    act(form, event.submitter);
  });

  $("#member")?.addEventListener("change", (event) => event.target.form.submit());

  const live = $("[data-live-url]")?.dataset.liveUrl;
  if (live) listen(live);
  window.sheriff = { $, all, learn, listen, refresh };
})();
