"""A small OMOP CDM of made-up patients, and its vocabulary."""

import sqlite3
from contextlib import closing

import duckdb

MADE = """\
create table person (
  person_id integer, gender_concept_id integer, year_of_birth integer, month_of_birth integer,
  day_of_birth integer
);
insert into person values
  (1, 8507, 1958, 7, 3), (2, 8532, 1946, null, null), (3, 8507, 1969, 8, null), (4, 8507, 1950, 1, 1);
create table death (
  person_id integer, death_date date
);
insert into death values
  (1, '2020-07-01');
create table observation_period (
  person_id integer, observation_period_start_date date, observation_period_end_date date
);
insert into observation_period values
  (1, '2015-01-01', '2020-06-01'), (2, '2010-01-01', '2021-02-01'), (3, '2019-01-01', '2020-03-01');
create table cohort (
  cohort_definition_id integer, subject_id integer, cohort_start_date date, cohort_end_date date
);
insert into cohort values
  (7, 1, '2020-01-01', '2021-12-31'), (7, 2, '2020-02-01', '2021-12-31'), (7, 3, '2020-03-01', '2021-12-31'),
  (8, 4, '2020-01-01', '2021-12-31');
create table drug_exposure (
  person_id integer, drug_concept_id integer, drug_exposure_start_date date
);
insert into drug_exposure values
  (1, 11, '2020-01-03'), (1, 20, '2020-05-01'), (2, 20, '2020-02-01'), (3, 10, '2020-03-09'),
  (4, 10, '2020-01-01');
create table condition_occurrence (
  person_id integer, condition_concept_id integer, condition_start_date date
);
insert into condition_occurrence values
  (1, 30, '2019-05-01'), (2, 30, '2021-01-01');
create table measurement (
  person_id integer, measurement_concept_id integer, measurement_date date, value_as_number numeric,
  operator_concept_id integer, unit_concept_id integer
);
insert into measurement values
  (1, 40, '2019-12-20', 9.5, 4172703, 50), (1, 40, '2020-01-05', 8, null, 50), (2, 40, '2020-02-01', 99, 0, 50),
  (2, 40, '2018-02-01', 1, 0, 50);
create table concept (
  concept_id integer, concept_name varchar, domain_id varchar, standard_concept varchar,
  invalid_reason varchar
);
insert into concept values
  (10, 'sorafenib', 'Drug', 'S', null), (11, 'sorafenib 200 MG Oral Tablet', 'Drug', 'S', null),
  (20, 'lenvatinib', 'Drug', 'S', null), (21, 'lenvatinib (brand)', 'Drug', null, null),
  (30, 'Vascular invasion by tumor', 'Condition', 'S', null), (31, 'old', 'Condition', null, 'U'),
  (40, 'Alpha-1-Fetoprotein in Serum', 'Measurement', 'S', null),
  (50, 'nanogram per milliliter', 'Unit', 'S', null), (51, 'microgram per milliliter', 'Unit', 'S', null),
  (8507, 'MALE', 'Gender', 'S', null), (8532, 'FEMALE', 'Gender', 'S', null);
create table concept_ancestor (
  ancestor_concept_id integer, descendant_concept_id integer
);
insert into concept_ancestor values
  (10, 10), (10, 11), (20, 20), (30, 30), (40, 40);
"""


def make_cdm(address):
    """Writes the CDM into a new database of DuckDB or SQLite."""
    scheme, path = address.split(":///")
    if scheme == "duckdb":
        with closing(duckdb.connect(path)) as connection:
            connection.execute(MADE)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(MADE)
