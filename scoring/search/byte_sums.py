"""Sums of absolute differences of bytes, written for LLVM directly.

x86 processors add eight such differences by one instruction, but numba compiles no loop into
it. Other processors get the same sums from general vector operations.
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils as untyped_cgutils
from numba.core import config
from numba.extending import intrinsic

from scoring.search.tables import BLOCK, GROUP

cgutils: Any = untyped_cgutils

WORD: Final = ir.IntType(64)
BYTES: Final = ir.VectorType(ir.IntType(8), 32)
SUMS: Final = ir.VectorType(WORD, 32 // GROUP)
SHORT_SUMS: Final = ir.VectorType(ir.IntType(32), 32 // GROUP)


@intrinsic
def _block_differences(_typing: Any, _block: Any, _user: Any, _n: Any, _end: Any, _out: Any) -> Any:
    """Sum the differences of a block's items: groups before n count +, groups n to end -.

    Takes five numbers: the addresses of a block (end, BLOCK, GROUP) uint8 and of a user's
    bytes (end, GROUP) uint8, n and end, and the address of the answer, (BLOCK,) int32.
    """
    return types.void(*[types.intp] * 5), _emit_block_differences


block_differences: Any = _block_differences
"""Typed as compiled code calls it, without the typing context."""


def has_instruction() -> bool:
    """Return whether the instruction may be used: AVX2, and no other processor requested."""
    requested = (getattr(config, name, None) for name in ("CPU_NAME", "CPU_FEATURES"))
    return not any(requested) and bool(dict(binding.get_host_cpu_features()).get("avx2"))


def _emit_block_differences(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
    block, user, n_positive, end, out = args
    block = builder.inttoptr(block, BYTES.as_pointer())
    user = builder.inttoptr(user, WORD.as_pointer())
    out = builder.inttoptr(out, SHORT_SUMS.as_pointer())
    # One register a vector of sums: the user's group is fetched once for all items.
    zeros = ir.Constant(SUMS, None)
    sums = [cgutils.alloca_once_value(builder, zeros) for _ in range(BLOCK // SUMS.count)]
    zero, one = ir.Constant(WORD, 0), ir.Constant(WORD, 1)
    for first, stop, join in ((zero, n_positive, builder.add), (n_positive, end, builder.sub)):
        with cgutils.for_range_slice(builder, first, stop, one, WORD) as (group, _):
            repeated = _emit_repeated(builder, builder.load(builder.gep(user, [group]), align=1))
            start = builder.mul(group, ir.Constant(WORD, len(sums)))
            for i, total in enumerate(sums):
                place = builder.gep(block, [builder.add(start, ir.Constant(WORD, i))])
                added = _emit_group_sums(builder, builder.load(place, align=1), repeated)
                builder.store(join(builder.load(total), added), total)
    for i, total in enumerate(sums):
        place = builder.gep(out, [ir.Constant(WORD, i)])
        builder.store(builder.trunc(builder.load(total), SHORT_SUMS), place, align=4)
    return context.get_dummy_value()


def _emit_repeated(builder: Any, word: Any) -> Any:
    """Fill a vector with the same eight bytes."""
    empty = ir.Constant(SUMS, ir.Undefined)
    one = builder.insert_element(empty, word, ir.Constant(ir.IntType(32), 0))
    everywhere = ir.Constant(SHORT_SUMS, [0] * SUMS.count)
    return builder.bitcast(builder.shuffle_vector(one, empty, everywhere), BYTES)


def _emit_group_sums(builder: Any, left: Any, right: Any) -> Any:
    """Sum |left - right| over each eight bytes."""
    if has_instruction():
        form = ir.FunctionType(SUMS, [BYTES, BYTES])
        name = "llvm.x86.avx2.psad.bw"
        function = cgutils.get_or_insert_function(builder.module, form, name)
        return builder.call(function, [left, right])
    above = builder.icmp_unsigned(">", left, right)
    apart = builder.select(above, builder.sub(left, right), builder.sub(right, left))
    total = builder.bitcast(apart, SUMS)
    for shift, mask in ((8, 0x00FF00FF00FF00FF), (16, 0x0000FFFF0000FFFF), (32, 0xFFFFFFFF)):
        # Neighbors are added in fields of twice the width, until one is left.
        fields = ir.Constant(SUMS, [mask] * SUMS.count)
        moved = builder.lshr(total, ir.Constant(SUMS, [shift] * SUMS.count))
        total = builder.add(builder.and_(total, fields), builder.and_(moved, fields))
    return total
