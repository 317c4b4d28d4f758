// Sends the one form of a page on its way, as the HTTP-POST binding asks; without JavaScript its button does the same.
document.querySelector("form[data-submit-at-once]").submit();
