"""The network engine, server and client: doors, mailbox, recording. Flower itself is used by `riskset_server.link`."""
