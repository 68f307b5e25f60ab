"""A made-up cohort of patients with liver cancer: its assumptions, its rows, and what each hospital exports of them."""
