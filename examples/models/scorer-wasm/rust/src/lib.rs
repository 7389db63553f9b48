//! The same scorer as in ../assembly, in Rust.
mod entente;
mod trees;

use entente::{Batch, Column, log, next_batch, parameter_number, result};
use trees::{BASE, COLUMNS, FEATURES, LEAVES, QUESTIONS, THRESHOLDS, TREES};

/// Tables, columns and parameters by their place in entente.json.
const MEASUREMENTS: u32 = 0;
const PATIENT: usize = 0;
const FIRST_MEASUREMENT: usize = 1;
const MINIMUM: u32 = 0;

#[unsafe(no_mangle)]
pub extern "C" fn main() {
    let minimum = parameter_number(MINIMUM);
    let mut seen = 0;
    while let Some(batch) = next_batch(MEASUREMENTS) {
        let (mut patients, mut scores, mut validity) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..batch.rows() {
            let score = read(&batch, row).map(|measured| sigmoid(margin(&measured)));
            if !batch.column(PATIENT).has_value(row) || score.unwrap_or(0.0) < minimum {
                continue;
            }
            if patients.len() % 8 == 0 {
                validity.push(0);
            }
            validity[patients.len() / 8] |= u8::from(score.is_some()) << (patients.len() % 8);
            patients.push(unsafe { batch.column(PATIENT).i32(row) });
            scores.push(score.unwrap_or(0.0));
        }
        result(patients.len(), [Column::of_i32(&patients), Column::of_f64(&scores, &validity)]);
        seen += batch.rows();
    }
    log(&format!("{seen} patients were scored"));
}

/// What was measured on the patient in this row, if nothing is missing.
fn read(batch: &Batch, row: usize) -> Option<[f64; COLUMNS]> {
    let mut measured = [0.0; COLUMNS];
    for (i, value) in measured.iter_mut().enumerate() {
        let column = batch.column(FIRST_MEASUREMENT + i);
        if !column.has_value(row) {
            return None;
        }
        *value = unsafe { column.f64(row) };
    }
    Some(measured)
}

fn margin(measured: &[f64; COLUMNS]) -> f64 {
    (0..TREES).fold(BASE, |sum, tree| {
        let first = tree * QUESTIONS;
        let mut node = 0;
        while node < QUESTIONS {
            let asked = measured[usize::from(FEATURES[first + node])] > THRESHOLDS[first + node];
            node = 2 * node + 1 + usize::from(asked);
        }
        sum + LEAVES[tree * (QUESTIONS + 1) + node - QUESTIONS]
    })
}

fn sigmoid(margin: f64) -> f64 {
    1.0 / (1.0 + (-margin).exp())
}
