"""The network engine, server and client: doors, mailbox, recording. Flower itself is in
`riskset_server.flower_app` and `riskset_server.link`."""
