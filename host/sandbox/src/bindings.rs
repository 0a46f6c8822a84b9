//! Bindings to the contract, generated from its text.

wasmtime::component::bindgen!({
    path: "wit/1.0.0",
    world: "plugin",
    with: { "switchback:scoring/message.message": crate::imports::BorrowedMessage },
    imports: { default: trappable },
});
