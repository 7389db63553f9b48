//! What docs/protocols/wasm-models.md gives to a module, for Rust: copy this file into your own project.
use std::alloc::{Layout, alloc};

#[link(wasm_import_module = "entente")]
unsafe extern "C" {
    #[link_name = "next_batch"]
    safe fn import_next_batch(table: u32) -> *const Head;
    #[link_name = "result"]
    fn import_result(batch: *const Head);
    #[link_name = "parameter_number"]
    pub safe fn parameter_number(parameter: u32) -> f64;
    #[link_name = "log"]
    fn import_log(text: *const u8, length: usize);
}

/// Where the host puts batches. The alignment is the one that the host asks for.
#[unsafe(no_mangle)]
pub extern "C" fn entente_alloc(size: usize) -> *mut u8 {
    match Layout::from_size_align(size, 8) {
        Ok(layout) if size > 0 => unsafe { alloc(layout) },
        _ => std::ptr::null_mut(),
    }
}

#[repr(C)]
pub struct Head {
    rows: u32,
    columns: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Column {
    kind: u32,
    validity: *const u8,
    offsets: *const i32,
    values: *const u8,
    length: u32,
    reserved: u32,
}

#[derive(Clone, Copy)]
pub struct Batch(*const Head);

/// The table's next batch, there until the next one is asked for.
pub fn next_batch(table: u32) -> Option<Batch> {
    let head = import_next_batch(table);
    if head.is_null() { None } else { Some(Batch(head)) }
}

impl Batch {
    pub fn rows(&self) -> usize {
        unsafe { (*self.0).rows as usize }
    }
    pub fn column(&self, index: usize) -> &Column {
        unsafe { &*(self.0.add(1) as *const Column).add(index) }
    }
}

impl Column {
    pub fn has_value(&self, row: usize) -> bool {
        self.validity.is_null() || unsafe { *self.validity.add(row / 8) } >> (row % 8) & 1 == 1
    }
    /// `row` must be below the batch's rows, and the column an i32 or date.
    pub unsafe fn i32(&self, row: usize) -> i32 {
        unsafe { *(self.values as *const i32).add(row) }
    }
    /// `row` must be below the batch's rows, and the column an f64.
    pub unsafe fn f64(&self, row: usize) -> f64 {
        unsafe { *(self.values as *const f64).add(row) }
    }
    pub fn of_i32(values: &[i32]) -> Column {
        Column::fixed(2, values)
    }
    pub fn of_f64(values: &[f64], validity: &[u8]) -> Column {
        Column { validity: validity.as_ptr(), ..Column::fixed(4, values) }
    }
    fn fixed<T>(kind: u32, values: &[T]) -> Column {
        Column {
            kind,
            validity: std::ptr::null(),
            offsets: std::ptr::null(),
            values: values.as_ptr() as *const u8,
            length: size_of_val(values) as u32,
            reserved: 0,
        }
    }
}

#[repr(C)]
struct Filled<const N: usize> {
    head: Head,
    columns: [Column; N],
}

/// Returns rows; the host has copied them when this ends.
pub fn result<const N: usize>(rows: usize, columns: [Column; N]) {
    let filled = Filled { head: Head { rows: rows as u32, columns: N as u32 }, columns };
    unsafe { import_result(&filled.head) }
}

pub fn log(text: &str) {
    unsafe { import_log(text.as_ptr(), text.len()) }
}
