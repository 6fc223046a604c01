from fastapi import FastAPI

app = FastAPI()


@app.get("/items/{number}")
async def item(number: int):
    return {"number": number, "text": "fastapi first"}
