// Says whether a canary is overdue, by the reader's clock; pages do not depend on the day.
for (const due of document.querySelectorAll("time[data-due]")) {
  const days = Math.floor((Date.now() - Date.parse(due.textContent + "T24:00Z")) / 864e5) + 1;
  if (days > 0) {
    const alarm = document.createElement("strong");
    alarm.className = "alarm";
    alarm.textContent = ` – ${(days === 1 ? due.dataset.one : due.dataset.more).replace("{days}", days)}`;
    due.after(alarm);
  }
}
