"""What a hospital keeps: its journal and ledger, and how its committee reads them."""
