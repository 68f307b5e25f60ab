"""How sites join a study, on the coordinator's side: invites, requests, keys, certificates."""
