from localcloud.vllm import stub_libraries

TABLE = """
Symbol table '.dynsym' contains 4 entries:
   Num:    Value          Size Type    Bind   Vis      Ndx Name
     0: 0000000000000000     0 NOTYPE  LOCAL  DEFAULT  UND
     1: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND cublasCreate_v2@libcublas.so.13 (2)
     2: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND ncclSend
     3: 0000000000001000    16 FUNC    GLOBAL DEFAULT   12 own_function@@V1
"""


def test_only_what_a_library_leaves_open_is_read_with_its_version() -> None:
    assert dict(stub_libraries._undefined(TABLE)) == {"cublasCreate_v2": "libcublas.so.13", "ncclSend": ""}


def test_names_are_grouped_by_version() -> None:
    script = stub_libraries._version_script({"a": "V1", "b": "V2", "c": "V1", "d": ""})
    assert script == "V1 { global: a; c; };\nV2 { global: b; };\n"
