"""A made-up cohort of patients with liver cancer: assumptions, rows, and each hospital's export."""
