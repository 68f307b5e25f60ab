"""How sites come to be in a study: invites, requests, keys, certificates."""
