// Finds ids and titles with ids.js, which also works from a folder; and words with Pagefind, if its index is there.
"use strict";
const MOST = 40;
const root = new URL("..", document.baseURI);
const form = document.querySelector("main .search");
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

// The month of "2021-03-04": "March 2021".
const month = (date) =>
  date && new Date(date).toLocaleDateString("en", { month: "long", year: "numeric", timeZone: "UTC" });

const rows = ids.map(([id, to, title, date]) =>
  ({ id, title, date, url: new URL(to, root).href, key: normal(id), words: normal(`${id} ${title} ${month(date)}`) }));
const pages = new Map(rows.map((row) => [row.url, row]));
const schemes = new Set(rows.map(({ key }) => key.match(/^[a-z]+(?= [0-9])/)?.[0]));

// Numbers must be whole, of words the beginning is enough.
const has = (words, word) => ` ${words} `.includes(` ${word}${/[0-9]$/.test(word) ? " " : ""}`);

// "QSB-29", "29", "xen" of "Package xen", "4.3" of "Quern OS 4.3"; and a part of a fingerprint.
function byId(wanted, text) {
  const digits = text.replace(/^0x|\s/gi, "").toUpperCase();
  const isKey = /^[0-9A-F]{8,40}$/.test(digits);
  return rows.filter(({ key, title }) =>
    ` ${key}`.endsWith(` ${wanted}`) || (isKey && title.includes(digits)));
}

// Newest first.
function byTitle(wanted, text) {
  const words = wanted.split(" ");
  const isDate = /^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$/.test(text);
  return rows.filter((row) => isDate ? row.date.startsWith(text) : words.every((word) => has(row.words, word)))
    .sort((one, other) => other.date.localeCompare(one.date));
}

// "CVE-2030-1" where no text names it.
const isUnknown = (wanted) => /^[a-z]+( [0-9]+)+$/.test(wanted) && schemes.has(wanted.split(" ")[0]);

// Pagefind also returns pages with words that are only alike.
function isIn(content, text) {
  const words = normal(content);
  return text.replace(/"/g, "").split(/\s+/).map(normal).every((word) =>
    has(words, /[0-9 ]/.test(word) ? word : word.slice(0, 4)));
}

async function start() {
  const pagefind = await import(new URL("search/pagefind/pagefind.js", root));
  await pagefind.options({ baseUrl: root.pathname, excerptLength: 24 });
  return pagefind;
}

// Pagefind knows "memory_exchange" as one word or as two.
async function byWords(text) {
  try {
    engine ??= start();
    const forms = [...new Set([text, text.replace(/_/g, " ")])];
    const searches = forms.map(async (form) => (await engine).search(form, { sort: { date: "desc" } }));
    const found = (await Promise.all(searches)).flatMap(({ results }) => results.slice(0, MOST));
    const data = await Promise.all(found.map((result) => result.data()));
    return data.filter(({ content }) => isIn(content, text))
      .map(({ url, excerpt }) => ({ ...pages.get(new URL(`${url}index.html`, root).href), excerpt }));
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

function show(found, words, unknown) {
  const urls = new Set();
  const shown = found.filter(({ url }) => !urls.has(url) && urls.add(url)).slice(0, MOST);
  list.replaceChildren(...shown.map(item));
  const { none, unknown: no, found: some, most, ids } = report.dataset;
  const count = unknown ? no.replace("{id}", () => unknown) : !shown.length ? none : shown.length === MOST ? most : some;
  report.textContent = [count.replace("{count}", shown.length), words ? "" : ids].join(" ").trim();
}

// The URL keeps the query for those who come back.
function keep(text) {
  const url = new URL(document.URL);
  if (text) url.searchParams.set("q", text);
  else url.searchParams.delete("q");
  try { history.replaceState(null, "", url); } catch { /* a page opened from a folder may not change its URL */ }
}

async function search() {
  const turn = ++latest;
  const text = query.value.trim();
  const wanted = normal(text);
  keep(text);
  if (!wanted) {
    list.replaceChildren();
    report.textContent = "";
    return;
  }
  const named = [...byId(wanted, text), ...byTitle(wanted, text)];
  if (!named.length && isUnknown(wanted)) {
    show([], [], text);
    return;
  }
  const words = await byWords(text);
  if (turn !== latest) return;
  const excerpts = new Map((words ?? []).map(({ url, excerpt }) => [url, excerpt]));
  show([...named.map((row) => ({ ...row, excerpt: excerpts.get(row.url) })), ...(words ?? [])], words);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
let pause;
query.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(search, 200); });
form.hidden = false;
document.querySelector(".noscript").hidden = true;
query.value = new URL(document.URL).searchParams.get("q") ?? "";
search();
