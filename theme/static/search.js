// Finds ids and titles with ids.js, which also works from a folder; and words with Pagefind, if its index is there.
"use strict";
const MOST = 40;
const root = new URL("..", document.baseURI);
const form = document.querySelector(".search");
const query = form.elements.q;
const list = document.querySelector(".results");
const report = document.querySelector(".status");
let engine;
let latest = 0;

// "QSB #029", "qsb29" and "Qsb 29" become "qsb 29".
const normal = (text) =>
  text.toLowerCase().replace(/xen security advisory/g, "xsa")
    .replace(/([a-z])(?=[0-9])|([0-9])(?=[a-z])/g, "$& ").replace(/[^\p{L}\p{N}]+/gu, " ")
    .replace(/(^| )0+(?=[0-9])/g, "$1").trim();

const rows = ids.map(([id, to, title, date]) =>
  ({ id, title, date, url: new URL(to, root).href, key: normal(id), words: ` ${normal(`${id} ${title}`)} ` }));

function byId(wanted) {
  const number = /^[0-9]+$/.test(wanted);
  return rows.filter(({ key }) => key === wanted || (number && key.endsWith(` ${wanted}`)));
}

function byTitle(wanted) {
  const words = wanted.split(" ");
  return rows.filter((row) => words.every((word) => row.words.includes(` ${word}`)));
}

async function start() {
  const pagefind = await import(new URL("search/pagefind/pagefind.js", root));
  await pagefind.options({ baseUrl: root.pathname, excerptLength: 24 });
  return pagefind;
}

async function byWords(wanted) {
  try {
    engine ??= start();
    const found = (await (await engine).search(wanted)).results.slice(0, MOST);
    const data = await Promise.all(found.map((result) => result.data()));
    return data.map(({ url, meta, excerpt }) =>
      ({ title: meta.title, date: meta.date, url: new URL(`${url}index.html`, root).href, excerpt }));
  } catch {
    return null;
  }
}

function made(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}

// Pagefind marks words with <mark> and escapes the rest; we add everything as text.
function excerptOf(html) {
  const shown = made("p", "");
  const plain = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&amp;/g, "&");
  html.split(/<\/?mark>/).forEach((part, place) => {
    shown.append(place % 2 ? made("mark", plain(part)) : plain(part));
  });
  return shown;
}

function item({ id, title, date, url, excerpt }) {
  const shown = made("li", "");
  const link = made("a", [id, title].filter(Boolean).join(" "));
  link.href = url;
  shown.append(link);
  if (date) shown.append(" ", made("time", date));
  if (excerpt) shown.append(excerptOf(excerpt));
  return shown;
}

function show(found, words) {
  const urls = new Set();
  const shown = found.filter(({ url }) => !urls.has(url) && urls.add(url)).slice(0, MOST);
  list.replaceChildren(...shown.map(item));
  const { none, found: some, most, ids } = report.dataset;
  const count = !shown.length ? none : shown.length === MOST ? most : some;
  report.textContent = [count.replace("{count}", shown.length), words ? "" : ids].join(" ").trim();
}

async function search() {
  const turn = ++latest;
  const wanted = normal(query.value);
  if (!wanted) {
    list.replaceChildren();
    report.textContent = "";
    return;
  }
  const known = byId(wanted);
  const titled = byTitle(wanted);
  const words = await byWords(query.value);
  if (turn !== latest) return;
  const excerpts = new Map((words ?? []).map(({ url, excerpt }) => [url, excerpt]));
  const named = [...known, ...titled].map((row) => ({ ...row, excerpt: excerpts.get(row.url) }));
  show([...named, ...(words ?? [])], words);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const url = new URL(document.URL);
  url.searchParams.set("q", query.value);
  try { history.replaceState(null, "", url); } catch { /* a page opened from a folder may not change its URL */ }
  search();
});
let pause;
query.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(search, 200); });
form.hidden = false;
document.querySelector(".noscript").hidden = true;
query.value = new URL(document.URL).searchParams.get("q") ?? "";
search();
