// What the page does beyond being read: it keeps itself up to date, opens differences in place, tells times as ages.
// Everything it does to the page, a link or a form does as well.
"use strict";

const EVERY_MS = 4000;

function age(at, now) {
  const seconds = Math.round((now - at) / 1000);
  if (seconds < 5) return "just now";
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
    if (Math.abs(seconds) >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
  }
  return "just now";
}

function tellAges(root) {
  const now = Date.now();
  for (const each of root.querySelectorAll("time[datetime]")) {
    const text = age(Date.parse(each.dateTime), now);
    if (each.textContent !== text) each.textContent = text;
  }
}

// What the server sent for a part last, so that a part is only touched when it differs: nothing flickers.
const sent = new Map();

function remember(root) {
  for (const part of root.querySelectorAll("[data-live]")) sent.set(part.dataset.live, part.innerHTML);
}

function isInUse(part) {
  return part.contains(document.activeElement) && document.activeElement.matches("input, select, button, textarea");
}

function replace(part, html) {
  const open = new Map();
  for (const each of part.querySelectorAll("details[data-key][open]")) open.set(each.dataset.key, each);
  const focused = part.contains(document.activeElement) ? document.activeElement.closest("[data-key]")?.dataset.key : null;
  part.innerHTML = html;
  for (const each of part.querySelectorAll("details[data-key]")) {
    const before = open.get(each.dataset.key);
    if (!before) continue;
    each.open = true;
    const [shown, loaded] = [each.querySelector(".opened"), before.querySelector(".opened")];
    if (shown && loaded && loaded.dataset.loaded) shown.replaceWith(loaded);
  }
  if (focused) part.querySelector(`[data-key="${CSS.escape(focused)}"] > summary`)?.focus();
}

function tell(live) {
  const sign = document.getElementById("live");
  if (!sign) return;
  sign.hidden = false;
  sign.textContent = live ? "live" : "not reached; what is shown may be old";
  sign.classList.toggle("stale", !live);
}

async function refresh() {
  if (document.hidden || !document.querySelector("[data-live]")) return;
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (response.redirected) return location.reload(); // the session is over
    if (!response.ok) return tell(false);
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const html = fresh.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`)?.innerHTML;
      if (html === undefined || html === sent.get(part.dataset.live) || isInUse(part)) continue;
      sent.set(part.dataset.live, html);
      replace(part, html);
    }
    tellAges(document);
    tell(true);
  } catch {
    tell(false);
  }
}

async function openInPlace(event) {
  const target = event.target instanceof Element && event.target.querySelector(":scope > .opened[data-src]");
  if (!target || !event.target.open || target.dataset.loaded) return;
  const response = await fetch(target.dataset.src, { headers: { Accept: "text/html" } });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const shown = page.getElementById("opened");
  if (!shown) return;
  shown.removeAttribute("id");
  target.dataset.loaded = "yes";
  target.replaceChildren(shown);
  tellAges(target);
}

remember(document);
tellAges(document);
tell(true);
document.addEventListener("toggle", openInPlace, true);
document.addEventListener("visibilitychange", refresh);
setInterval(refresh, EVERY_MS);
