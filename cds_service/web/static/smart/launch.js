// Asks the EHR's authorization server to let this app in: SMART App Launch with PKCE, by the library fhirclient.

const place = document.getElementById("launch");

window.FHIR.oauth2
  .authorize({
    clientId: place.dataset.client,
    scope: place.dataset.scope,
    redirectUri: place.dataset.redirect,
    pkceMode: "required",
    completeInTarget: true,
  })
  .catch(() => {
    place.querySelector("[data-waiting]").hidden = true;
    place.querySelector("[data-failed]").hidden = false;
  });
