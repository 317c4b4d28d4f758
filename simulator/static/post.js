// Posts the response without a click; the Continue button is there for browsers without scripts.
document.getElementById("response").submit();
