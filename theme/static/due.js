// Tells by the reader's clock whether a canary is overdue; the page itself knows no day.
for (const due of document.querySelectorAll("time[data-due]")) {
  const days = Math.floor((Date.now() - Date.parse(due.textContent + "T24:00Z")) / 864e5) + 1;
  if (days > 0) {
    const said = document.createElement("strong");
    said.className = "alarm";
    said.textContent = ` – overdue by ${days} ${days === 1 ? "day" : "days"}, by your clock`;
    due.after(said);
  }
}
