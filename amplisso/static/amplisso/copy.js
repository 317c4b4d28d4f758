// Copy buttons: they appear when a script can serve them, say that they did it, and tell screen readers.
const announce = (text) => {
  const place = document.querySelector("[data-announce]");
  if (place) place.textContent = text;
};

const copyText = async (source) => {
  const text = "value" in source ? source.value : source.textContent;
  if (navigator.clipboard) return navigator.clipboard.writeText(text.trim());
  // Without https there is no clipboard to write to: select the value and use the browser's own command.
  if (source.select) source.select();
  else window.getSelection().selectAllChildren(source);
  if (!document.execCommand("copy")) throw new Error("not copied");
};

for (const button of document.querySelectorAll("[data-copy]")) {
  const label = button.firstChild;
  const words = label.textContent;
  let timer;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await copyText(document.getElementById(button.dataset.copy));
      label.textContent = "Copied";
      announce(button.dataset.copied);
    } catch {
      label.textContent = "Press Ctrl+C";
    }
    clearTimeout(timer);
    timer = setTimeout(() => {
      label.textContent = words;
      announce("");
    }, 3000);
  });
}
