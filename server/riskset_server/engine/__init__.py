"""The network engine, served and asked: doors, mailbox, recording. Flower itself stands in `riskset_server.link`."""
