// Says when a canary should have come, by the reader's clock; pages do not depend on the day.
for (const due of document.querySelectorAll("time[data-due]")) {
  if (Date.now() >= Date.parse(due.textContent + "T24:00Z")) {
    const note = document.createElement("strong");
    const day = document.createElement("time");
    [note.textContent, day.textContent] = ` (${due.dataset.due}`.split(/(?=\d{4}-)/);
    note.append(day, ")");
    due.after(note);
  }
}
