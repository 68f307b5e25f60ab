"""What every desk is made of, the hospital's and the auditors': pages in a browser without scripts, for people who type
no commands. Who comes in, what a request has to bring, and how pages look; what they show is a matter of each desk."""
