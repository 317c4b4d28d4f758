// The guide follows the drop-down; without this script it is the saved provider's.
const chooser = document.getElementById("id_provider");
const showGuide = () => {
  for (const guide of document.querySelectorAll("[data-guide]")) guide.hidden = guide.dataset.guide !== chooser.value;
};

if (chooser) {
  chooser.addEventListener("change", showGuide);
  showGuide();
}
