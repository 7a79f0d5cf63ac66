//! A simulated e-tax platform with memory and faults.
